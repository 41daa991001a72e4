"""Plug-ins: the page's example works as it stands, and a broken one costs itself alone."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask import plugin_files, registry
from unmask.catalog import catalog
from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.plugin_files import described
from unmask.plugins import GROUP, PluginWarning, plugins

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
CACHES = (
    plugins, registry._detectors, registry._analyzers, registry.shipped, plugin_files._modules,
)  # fmt: skip
Install = Callable[..., list[str]]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """``install(name, {file: text})``: a package with an entry point; what is warned of then."""
    before = set(sys.modules)

    def put(name: str, files: dict[str, str], value: str = "") -> list[str]:
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text, encoding="utf-8")
        about = tmp_path / f"{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value or name}\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        for cache in CACHES:
            cache.cache_clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            registry.detectors()
            registry.analyzers()
            for room in plugin_files.ROOMS:
                plugin_files.names(room)
        return [str(one.message) for one in caught if one.category is PluginWarning]

    yield put
    monkeypatch.undo()
    for cache in CACHES:
        cache.cache_clear()
    for name in set(sys.modules) - before:
        if not name.startswith(("unmask", "torch", "numpy", "PIL")):
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(tmp_path)):
                del sys.modules[name]


def example() -> dict[str, str]:
    """The files of the page: a path in backticks on its own line, then its text."""
    blocks = re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    return dict(blocks)


@pytest.fixture
def plainly(install: Install) -> list[str]:
    files = example()
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    value = project["entry-points"][GROUP][project["name"]]
    inner = {path.removeprefix("src/plainly/"): text for path, text in files.items()}
    return install(project["name"], inner, value)


def test_the_example_of_the_page_is_found(plainly: list[str]) -> None:
    assert plainly == []
    assert "brightness" in registry.analyzers()
    assert "evenness" in registry.methods()
    assert described("strategies", "calm").summary == "Halves every loss."
    keys = {entry.key for entry in catalog()}
    assert {"detector:evenness", "strategy:calm"} <= keys


def test_the_example_of_the_page_scans(
    plainly: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (80, 60), (10, 20, 30)).save(path)
    with pytest.raises(SystemExit):
        main(["scan", str(path), "--only", "brightness", "--json"])
    said = capsys.readouterr().out
    assert "The mean of its pixels is 20 of 255." in said


def test_the_example_of_the_page_trains(
    plainly: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for n, split in enumerate(("train", "train", "val", "val")):
        name = f"{n}.png"
        Image.fromarray(rng.integers(0, 255, (70, 70, 3), np.uint8)).save(tmp_path / name)
        rows.append(Item(name, name, name, "image", n % 2, split=split, group=name))
    write_manifest(tmp_path / "manifest.parquet", Manifest(tmp_path, tuple(rows)))
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["train", "evenness", "--data", str(tmp_path), "--out", str(out), "--strategy",
              "calm", "--json"])  # fmt: skip
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["samples"] == 8
    line = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert line["train_loss"] == pytest.approx(line["train_calm_whole"] / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("def f(:\n", "SyntaxError"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_named_and_left_out(
    install: Install, text: str, why: str
) -> None:
    (said,) = install("broken", {"__init__.py": text})
    assert said.startswith("The plug-in 'broken' (package broken) is left out: ")
    assert why in said
    assert "\n" not in said
    assert "mesonet" in registry.methods()


def test_the_command_line_says_so_in_one_line_and_works(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("broken", {"__init__.py": "1 / 0\n"})
    plugins.cache_clear()
    registry._detectors.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main(["recipe", "list", "--json"])
    told = capsys.readouterr()
    assert not ended.value.code
    assert "mesonet" in told.out
    assert told.err.splitlines() == [
        "unmask: The plug-in 'broken' (package broken) is left out: "
        "ZeroDivisionError: division by zero."
    ]


def test_a_broken_part_is_left_out_and_the_rest_of_the_plug_in_works(install: Install) -> None:
    files = {name.removeprefix("src/plainly/"): text for name, text in example().items()}
    files = {name.replace("evenness/", "uneven/"): text for name, text in files.items()}
    files["uneven/card.toml"] = "name = 3\n"
    files["strategies/silent.py"] = '"""Says nothing of its paper."""\n'
    said = install("plainly", files)
    assert len(said) == 2
    uneven = "The detector 'uneven' of the plug-in 'plainly' (package plainly)"
    assert any(uneven in one for one in said)
    assert any("The strategy 'silent' of the plug-in 'plainly'" in one for one in said)
    assert "uneven" not in registry.detectors()
    assert "calm" in plugin_files.names("strategies")


def test_a_name_that_is_taken_is_refused_and_both_are_named(install: Install) -> None:
    files = {name.removeprefix("src/plainly/"): text for name, text in example().items()}
    files = {
        name.replace("evenness/", "sbi/").replace("calm.py", "sam.py"): text
        for name, text in files.items()
    }
    files["__init__.py"] = files["__init__.py"].replace('"brightness"', '"metadata"')
    own = registry.detector_card("sbi"), registry.analyzer("metadata")
    said = install("plainly", files)
    assert (registry.detector_card("sbi"), registry.analyzer("metadata")) == own
    assert described("strategies", "sam").path.is_relative_to(Path(registry.__file__).parent)
    assert len(said) == 3
    (method,) = (one for one in said if "detector 'sbi'" in one)
    assert str(own[0].parent) in method
    assert "plainly/sbi" in method
    assert all("its name is taken" in one and "'plainly' (package plainly)" in one for one in said)


def test_of_two_plug_ins_with_one_name_the_first_stays(install: Install) -> None:
    files = {name.removeprefix("src/plainly/"): text for name, text in example().items()}
    assert install("one", files) == []
    again = install("two", files)
    assert len(again) == 3
    assert all("the plug-in 'two'" in said for said in again)
    assert registry.analyzer("brightness").__module__ == "one"
