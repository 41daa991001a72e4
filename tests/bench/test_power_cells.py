"""The power tables of the cards, recomputed cell by cell from the stored findings."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from unmask import registry
from unmask.decision.evidence import DETECTORS
from unmask.detectors.card import PowerRow, read_card

STORED = Path(__file__).parents[2] / "results" / "verdicts"


def counted(row: PowerRow, rate: float) -> tuple[int, int]:
    """Forged files of a cell and how many of them were flagged, by plain counting."""
    files = pq.read_table(STORED / "files.parquet").to_pylist()
    left = pq.read_table(STORED / "left_out.parquet").to_pylist()
    surprise = {one["item"]: one["surprise"] for one in left}
    total = hit = 0
    for one in files:
        if (one["part"], one["family"], one["kind"]) != ("new", row.kind, row.media):
            continue
        if not one["situation"]:
            continue
        quality = {"jpeg": 100.0, **json.loads(one["quality"])}
        quality["side"] = max(quality.get("width", 0), quality.get("height", 0))
        if not all(
            low <= quality.get(name, -math.inf) < high for name, (low, high) in row.within.items()
        ):
            continue
        total += 1
        hit += surprise.get(one["item"], 0.0) > math.log(1 / rate)
    return total, hit


@pytest.mark.parametrize("name", DETECTORS)
def test_five_cells_of_each_card_are_what_the_findings_say(name: str) -> None:
    rows = read_card(registry.detector_card(name)).power
    assert len(rows) >= 5
    for row in random.Random(name).sample(rows, 5):
        for text, found in row.found.items():
            assert counted(row, float(text)) == (row.files, found), (row.kind, row.bucket, text)
