"""What each method costs the test suite, in processor seconds, most expensive first.

    python benchmarks/suite_seconds.py [NAME …] [--write]

Runs the tests of `tests/contract` that are about a method and those of its own folder, all in one
process. Seconds depend on the machine: the ratio to the reference of the same run is what to quote.
A method should cost no more than LIMIT seconds on a quiet core. `--write` keeps the table in
results/suite_seconds.md.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from unmask import registry
from unmask.train.export import to_onnx
from unmask.train.method import method_named

ROOT = Path(__file__).parents[1]
REFERENCE = "mesonet"
"""A plain network of four convolutions."""
LIMIT = 8


def used() -> float:
    """Processor seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])


class Clock:
    """Adds up what the tests of each method use, and leaves all other tests out."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.seconds: Counter[str] = Counter()
        self.failed: set[str] = set()

    def method(self, item: pytest.Item) -> str:
        """Whose test it is; "" for nobody's."""
        parts = Path(item.path).relative_to(ROOT / "tests").parts
        said = re.search(r"\[(.*)\]$", item.name)
        about = [parts[1]] if parts[0] == "detectors" else said[1].split("-") if said else []
        return next((one for one in about if one in self.names), "")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.method(item)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = used()
        done = yield
        self.seconds[self.method(item)] += used() - before  # type: ignore[assignment]
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def warm_up() -> None:
    """Load what the first export of a process loads, so that no method pays for it."""
    torch.set_num_threads(1)
    kind = method_named(REFERENCE)
    method = kind(kind.small)
    with tempfile.TemporaryDirectory() as folder:
        to_onnx(method, method.network(), Path(folder) / "weights.onnx")


def table(seconds: Counter[str]) -> str:
    plain = seconds[REFERENCE]
    lines = [
        "# What each method costs the test suite",
        "",
        "Processor seconds of its contract tests and of its own folder, in one process, made by",
        f"`benchmarks/suite_seconds.py`; ratio: to {REFERENCE}'s in the same run.",
        "",
        "| method | seconds | ratio |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {one} | {value:.1f} | {value / plain:.1f} |" for one, value in seconds.most_common()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    asked = [one for one in sys.argv[1:] if one != "--write"]
    every = registry.methods()
    if unknown := set(asked) - set(every):
        raise SystemExit(f"No such method: {', '.join(sorted(unknown))}.")
    names = sorted({REFERENCE, *asked}) if asked else list(every)
    folders = [ROOT / "tests" / "detectors" / name for name in names]
    warm_up()
    clock = Clock(names)
    where = [str(ROOT / "tests" / "contract"), *(str(one) for one in folders if one.exists())]
    pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", *where], plugins=[clock])
    text = table(clock.seconds)
    print(text)
    over = [one for one, value in clock.seconds.most_common() if value > LIMIT]
    print(f"Over {LIMIT} seconds: {', '.join(over) or 'none'}.")
    if clock.failed:
        raise SystemExit(f"Tests failed: {', '.join(sorted(clock.failed))}.")
    if "--write" in sys.argv:
        (ROOT / "results" / "suite_seconds.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
