"""The power tables of the cards, recomputed cell by cell from the stored findings."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from unmask import registry
from unmask.cards.card import PowerRow, read_card
from unmask.decision.evidence import DETECTORS

STORED = Path(__file__).parents[2] / "results" / "verdicts"


def counted(row: PowerRow, rate: float) -> tuple[int, int]:
    """Forged files of a cell and how many of them were flagged, by plain counting."""
    files = pq.read_table(STORED / "files.parquet").to_pylist()
    left = pq.read_table(STORED / "left_out.parquet").to_pylist()
    surprise = {one["item"]: one["surprise"] for one in left if one["encoder"] is row.encoder}
    total = hit = 0
    left_out = deceiving(files, surprise)
    for one in files:
        if (one["part"], one["family"], one["kind"]) != ("new", row.kind, row.media):
            continue
        if not one["situation"] or one["source"] in left_out:
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


def deceiving(files: list[dict[str, Any]], surprise: dict[str, float]) -> set[str]:
    """Sources with over a tenth of their authentic files, and more than one, flagged at 1 %."""
    told: dict[str, list[bool]] = {}
    for one in files:
        if one["label"] == "real" and one["item"] in surprise:
            told.setdefault(one["source"], []).append(surprise[one["item"]] > math.log(100))
    return {name for name, hits in told.items() if sum(hits) > max(1, 0.1 * len(hits))}


@pytest.mark.parametrize("name", DETECTORS)
def test_five_cells_of_each_card_are_what_the_findings_say(name: str) -> None:
    rows = read_card(registry.detector_card(name)).power
    cells = [(row, text, found) for row in rows for text, found in row.found.items()]
    for row, text, found in random.Random(name).sample(cells, 5):
        assert counted(row, float(text)) == (row.files, found), (row.kind, row.bucket, text)
