"""Whatever the catalog lists has a test of its own behaviour, beside those that run over all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from unmask.catalog import catalog

TESTS = Path(__file__).parent


@cache
def written() -> frozenset[str]:
    """Names of test files and folders, and what stands in quotation marks in all tests but this."""
    files = [path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts]
    found = {path.stem.removeprefix("test_") for path in files}
    found |= {path.parent.name for path in files if path.name.startswith("test_")}
    for path in files:
        if path != Path(__file__):
            for words in re.findall(r"""["']([\w.+:@-]+)["']""", path.read_text(encoding="utf-8")):
                found |= set(re.split("[:@]", words))
    return frozenset(found)


def has_test(key: str) -> bool:
    """Whether a test is about this key.

    Of a dataset: a tiny copy with what must be read from it. Of anything else: a file or a folder
    of tests that bears its name, or its name in quotation marks in one.
    """
    kind, _, name = key.partition(":")
    module = name.replace("-", "_")
    if kind == "dataset":
        copy = TESTS / "datasets" / "tiny" / f"{module}.py"
        told = copy.read_text(encoding="utf-8") if copy.exists() else ""
        return "EXPECTED" in told
    return bool({name, module} & written())


def untested(keys: Iterable[str]) -> list[str]:
    return [key for key in keys if not has_test(key)]


def test_every_key_has_a_test_of_its_own() -> None:
    assert untested(entry.key for entry in catalog()) == []


def test_a_key_without_one_is_noticed() -> None:
    made = [
        f"{kind}:made-up-{'x' * 3}" for kind in ("dataset", "strategy", "detector", "generator")
    ]
    assert untested(made) == made
