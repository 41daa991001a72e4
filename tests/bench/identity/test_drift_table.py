"""The tables of drift in the page are those of the stored cases."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def drift() -> ModuleType:
    pytest.importorskip("cv2")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location(
            "identity_drift", BENCHMARKS / "identity_drift.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_the_page_holds_the_table_of_the_stored_cases(drift: ModuleType) -> None:
    assert drift.table() in drift.PAGE.read_text(encoding="utf-8")


def test_enough_cases_are_stored(drift: ModuleType) -> None:
    for sense in ("face", "voice"):
        rows = drift._rows(drift.STORED / f"{sense}-test.jsonl")
        assert sum(row["span"] is not None for row in rows) >= 100
        assert len({row["name"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("spans", "good"),
    [
        ([[3.1, 5.2]], True),
        ([[3.1, 5.6]], False),
        ([], False),
        ([[3.0, 5.0], [7.0, 8.0]], False),
    ],
)
def test_a_stretch_is_in_place_when_both_edges_are(
    drift: ModuleType, spans: list[list[float]], good: bool
) -> None:
    assert drift.placed({"spans": spans, "inside": [], "span": [3.0, 5.0]}) is good
