"""The page on fairness: which photos its set takes, and its figures by hand."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fairness
from fairness_faces import MOST, PROTOCOL, RARE, photos

from unmask.errors import DataError
from unmask.metrics.outcomes import Outcome, write_outcomes


def test_training_has_few_of_every_group_but_one_and_the_test_all_alike(tmp_path: Path) -> None:
    rows = [
        {"path": f"{gender}-{people}-{n}.jpg", "kind": "image", "gender": gender,
         "ethnicity": people, "group": f"{gender}-{people}-{n}"}
        for gender in ("female", "male") for people in (MOST, "other") for n in range(100)
    ]  # fmt: skip
    unknown = [{"path": "x.jpg", "kind": "image"}, {"path": "y.flac", "kind": "audio"}]
    text = "\n".join(json.dumps(row) for row in [*rows, *unknown])
    (tmp_path / "manifest.jsonl").write_text(text)
    chosen = photos(tmp_path, 320, 0)
    assert len({row["path"] for row in chosen}) == len(chosen)
    counts = Counter((row["gender"], row["ethnicity"], row["split"]) for row in chosen)
    for gender in ("female", "male"):
        assert counts[gender, MOST, "train"] == 40
        assert counts[gender, "other", "train"] == 40 // RARE
        assert counts[gender, MOST, "test"] == counts[gender, "other", "test"] == 32
        assert counts[gender, MOST, "val"] == counts[gender, "other", "val"] == 8
    (tmp_path / "manifest.jsonl").write_text(json.dumps(unknown[0]))
    with pytest.raises(DataError, match="gender and ethnicity"):
        photos(tmp_path, 320, 0)


def test_the_page_is_computed_from_the_outcomes(tmp_path: Path) -> None:
    """Without, the second group is judged the wrong way round; with, both are judged right."""
    folder = tmp_path / fairness.PROTOCOL
    folder.mkdir()
    (folder / "protocol.toml").write_text(f'name = "{fairness.PROTOCOL}"\n{PROTOCOL}')
    for way, wrong in (("plain", True), ("fair-dag", False)):
        for seed in (1, 2):
            rows = [
                Outcome(
                    f"{test}{n}", f"{test}{n}", "", test, "clean", n % 2,
                    float(1 - 2 * (n % 2) if wrong and n < 20 else 2 * (n % 2) - 1),
                    kind="image", gender=("second", "first")[n >= 20],
                    ethnicity=("one", "other")[n // 2 % 2],
                )
                for test in ("faces", "val") for n in range(40)
            ]  # fmt: skip
            about = {"detector": f"small-{way}-{seed}", "samples": 9, "weights": "w"}
            write_outcomes(folder / f"small-{way}-{seed}.parquet", rows, about)
    text = fairness.table(tmp_path)
    assert "## `small`, by gender" in text
    assert "| second | 10 | 10 | 0.000 ± 0.000 | 1.000 ± 0.000 |" in text
    assert "| **worst group** |  |  | 0.000 ± 0.000 | 1.000 ± 0.000 |" in text
    assert "| AUC, best less worst | 1.000 ± 0.000 | 0.000 ± 0.000 |" in text
    assert "plain 2, fair-dag 2" in text
