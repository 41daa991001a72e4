"""One file in another package is a strategy, an attack … with no edit elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import ModelError, UnknownName
from unmask.plugin_files import ROOMS, described, names
from unmask.plugins import GROUP
from unmask.train.method import method_named

HEAD = '''"""{what} of another package."""

from __future__ import annotations

import torch

from unmask.{room}.base import {also}{contract}, Settings

CITATION = "Somebody: {what} That Is New. Journal 2026"
URL = "https://example.org/new"


class Mine({contract}[Settings]):
'''
BODIES = {
    "strategies": """    def loss(self, loss, batch):
        return 2 * loss, {"doubled": float(loss.detach())}
""",
    "attacks": """    access = "query"

    def change(self, target, label, size):
        return (target.media - size).clamp(target.low, target.high)
""",
    "explain": """    def explain(self, asked):
        return torch.ones(asked.seen.shape[-2:]).cumsum(0)
""",
    "protect": """    kind = "mark"
    needs = frozenset({"key"})
    limits = "It counts, and does no more."

    def protect(self, given):
        return Done(f"{len(given.key)} letters", {"letters": len(given.key)}, {"a.txt": given.key})
""",
}
CONTRACTS = {
    "strategies": "Strategy", "attacks": "Attack", "explain": "Explainer", "protect": "Protection",
}  # fmt: skip
ALSO = {"protect": "Done, "}
"""What else a file of a room takes from its base."""
PROTOCOL = """
name = "own"
title = "Own"
source = "Made 2026"
kinds = ["image"]
metrics = ["auc"]
[train]
where = {split = "train"}
samples = 4
workers = 0
[val]
where = {split = "val"}
[[test]]
name = "near"
where = {split = "test"}
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that is installed beside unmask, with one file in each room, and things to try."""
    root = tmp_path_factory.mktemp("site")
    package = root / "elsewhere"
    for room, body in BODIES.items():
        (package / room).mkdir(parents=True)
        head = HEAD.format(
            what=ROOMS[room].capitalize(), room=room, contract=CONTRACTS[room],
            also=ALSO.get(room, ""),
        )  # fmt: skip
        (package / room / "brand_new.py").write_text(head + body)
    (package / "__init__.py").write_text('"""Ways of another package."""\n')
    about = root / "elsewhere-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\nelsewhere = elsewhere\n")
    rng = np.random.default_rng(0)
    rows = []
    for split in ("train", "val", "test"):
        for n in range(2):
            path = f"{split}{n}.png"
            Image.fromarray(rng.integers(0, 255, (60, 60, 3), np.uint8)).save(root / path)
            rows.append(
                Item(path, path, path, "image", n, split=split, group=path,
                     face=(5.0, 5.0, 40.0, 40.0))
            )  # fmt: skip
    write_manifest(root / "manifest.parquet", Manifest(root, tuple(rows), "made"))
    torch.manual_seed(0)
    torch.save(method_named("mesonet")().network().state_dict(), root / "weights.pt")
    (root / "own.toml").write_text(PROTOCOL)
    return root


def call(elsewhere: Path, *words: str) -> str:
    path = os.pathsep.join([str(elsewhere), *sys.path])
    done = subprocess.run(
        [sys.executable, "-m", "unmask", *words],
        capture_output=True, text=True, cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "300", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_catalog_lists_each(elsewhere: Path) -> None:
    entries = {e["key"]: e for e in json.loads(call(elsewhere, "catalog", "--json"))["entries"]}
    for kind in ROOMS.values():
        assert entries[f"{kind}:brand-new"]["year"] == 2026
        assert entries[f"{kind}:brand-new"]["title"].endswith("That Is New")


@pytest.mark.parametrize("words", [("train",), ("bench", "run"), ("explain",), ("protect",)])
def test_help_names_it(elsewhere: Path, words: tuple[str, ...]) -> None:
    assert "brand-new" in call(elsewhere, *words, "--help")


def test_the_bench_trains_with_the_strategy_and_runs_the_attack(elsewhere: Path) -> None:
    call(elsewhere, "bench", "run", "own.toml", "--detector", "mesonet", "--data",
         "manifest.parquet", "--train", "--strategy", "brand-new", "--attack", "brand-new",
         "--budget", "3")  # fmt: skip
    page = call(elsewhere, "bench", "table", "own.toml")
    assert "| near | mesonet | brand-new | mesonet |" in page
    assert "strategies brand-new (recipe: none)" in page
    (log,) = elsewhere.rglob("log.jsonl")
    line = json.loads(log.read_text().splitlines()[-1])
    assert line["train_loss"] == pytest.approx(2 * line["train_brand-new_doubled"], rel=1e-4)


def test_a_picture_is_explained_by_it(elsewhere: Path) -> None:
    portrait = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
    Image.open(portrait).convert("RGB").crop((120, 0, 340, 220)).save(elsewhere / "face.png")
    said = json.loads(
        call(elsewhere, "explain", "face.png", "--detector", "mesonet", "--weights",
             "weights.pt", "--by", "brand-new", "--json")
    )  # fmt: skip
    assert said["by"] == "brand-new"
    assert said["likeness_to_random"] == pytest.approx(1)  # it shows nothing that was learnt


def test_a_secret_is_protected_by_it(elsewhere: Path) -> None:
    (elsewhere / "key.txt").write_text("a secret of mine")
    said = json.loads(
        call(elsewhere, "protect", "brand-new", "--key", "key.txt", "--out", "made", "--json")
    )
    assert said["letters"] == 16
    assert said["limits"] == "It counts, and does no more."
    assert (elsewhere / "made" / "a.txt").read_text() == "a secret of mine"


@pytest.mark.parametrize("room", ROOMS)
def test_the_pages_of_this_package_need_not_know_it(room: str, elsewhere: Path) -> None:
    """Only what comes with unmask must stand in its pages; a file of another package is listed."""
    pages = Path(__file__).parents[2] / "docs"
    assert "brand-new" not in "".join(p.read_text(encoding="utf-8") for p in pages.glob("*.md"))
    code = f"import unmask.plugin_files as p; print(p.described({room!r}, 'brand-new').summary)"
    path = os.pathsep.join([str(elsewhere), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert done.stdout.strip() == f"{ROOMS[room].capitalize()} of another package."


@pytest.mark.parametrize("room", ROOMS)
def test_a_file_that_says_nothing_of_itself_is_refused(
    room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bare.py"
    path.write_text('"""Says what it is."""\nCITATION = "A: B. C 2020"\n')
    monkeypatch.setattr("unmask.plugin_files._modules", lambda _: {"bare": ("bare", path)})
    with pytest.raises(ModelError, match="CITATION and URL"):
        described(room, "bare")
    with pytest.raises(UnknownName, match=ROOMS[room]):
        described(room, "bear")
    assert names(room) == ("bare",)
