"""The table of strategies: its made sets, one training of it, and its figures by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import strategies_cells
from strategies_drawn import Shown, drawn, forged
from strategies_made import SETS, People

import strategies
from unmask.plugin_files import names


def test_every_strategy_of_faces_has_its_row() -> None:
    rows = {row.strategy for row in strategies.ROWS}
    assert rows <= set(names("strategies"))
    assert {"rfm", "fair-dag", "fair-daw", "ed4", "momentum-difficulty", "meal-distillation",
            "identity-adversarial", "dataless", "fsfm", "fsts"} <= rows  # fmt: skip
    made = {row.made for row in strategies.ROWS} | {row.control[0] for row in strategies.ROWS}
    assert made <= set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_a_set_shares_no_person_between_its_parts_and_holds_both_classes(name: str) -> None:
    rows = SETS[name](People(0))
    people = {split: {one.person for one in rows if one.split == split} for split in People.COUNT}
    assert not people["train"] & (people["val"] | people["test"])
    assert not people["val"] & people["test"]
    for split, part in {(one.split, one.part) for one in rows}:
        labels = {one.label for one in rows if (one.split, one.part) == (split, part)}
        assert labels == {0, 1}, (split, part)
    assert SETS[name](People(0)) == rows


def test_in_training_a_person_tells_the_class_and_in_the_test_nobody_does() -> None:
    rows = SETS["identity"](People(0))
    classes: dict[tuple[str, int], set[int]] = {}
    for one in rows:
        classes.setdefault((one.split, one.person), set()).add(one.label)
    assert all(len(found) == (1 if split == "train" else 2)
               for (split, _), found in classes.items())  # fmt: skip


def test_a_mark_lies_in_the_face_alone() -> None:
    real = Shown(3, 1)
    marked = np.abs(drawn(forged(real), 5, 9).astype(int) - drawn(real, 5, 9)).max(2)
    assert marked[28:44, 24:40].mean() > 15
    assert (drawn(replace(real, label=0), 5, 9) == drawn(real, 5, 9)).all()
    assert (drawn(real, 5, 9) == drawn(real, 5, 9)).all()


def test_a_page_is_edited_in_places_and_marked_all_over() -> None:
    plain = Shown(3, 1, made="page")
    page = drawn(plain, 5, 9).astype(int)
    edited = np.abs(drawn(replace(plain, made="edited"), 5, 9) - page).max(2)
    marked = np.abs(drawn(forged(plain), 5, 9) - page).max(2)
    assert 0 < (edited > 40).mean() < 0.25
    assert (marked > 15).mean() > 0.5
    assert not (drawn(replace(plain, split="test"), 5, 9) == page).all()


def test_one_training_is_kept_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = strategies_cells.Cell("efficientnet_b4", "groups", 0, "fair-daw")
    rows = strategies_cells.trained(cell, tmp_path, scale=0.05)
    assert {row["part"] for row in rows} == {"plain"}
    assert {row["label"] for row in rows} == {0, 1}
    assert (tmp_path / "runs" / cell.key / "best.pt").exists()
    monkeypatch.setattr(strategies_cells, "app", None)
    assert strategies_cells.trained(cell, tmp_path, scale=0.05) == rows


def test_the_table_is_computed_from_the_scores(tmp_path: Path) -> None:
    row = next(one for one in strategies.ROWS if one.strategy == "fair-dag")
    flat = []
    for made, how in ((m, h) for m in ("groups", "plain") for h in ("", "fair-dag")):
        for seed in (0, 1):
            for n in range(8):
                right = bool(how) or n < 4  # without, the second group is judged the wrong way
                group = "first" if n < 4 else "second"
                score = float(n % 2 if right else 1 - n % 2)
                flat.append(("small", made, how, seed, "plain", str(n), group, n % 2, score))
    columns = dict(zip(strategies.COLUMNS, map(list, zip(*flat, strict=True)), strict=True))
    stored = tmp_path / "scores.parquet"
    pq.write_table(pa.table(columns), stored)
    ((method, found_row, found),) = strategies.figures(stored)
    assert (method, found_row) == ("small", row)
    assert found["help without"] == [0.0, 0.0]
    assert found["help with"] == [1.0, 1.0]
    text = strategies.table(stored)
    assert "0.000 ± 0.000 | 1.000 ± 0.000 | +1.000 (2 of 2)" in text
