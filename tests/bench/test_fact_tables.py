from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fact_table import PAGES, STORED, Case, rendered, stored, table

ANALYZERS = [file.stem for file in sorted(STORED.glob("*.json"))]


def test_cases_are_counted_by_kind_with_the_worst_first() -> None:
    cases = [
        *(Case(f"a{i}", "signed", True, i > 0) for i in range(3)),
        *(Case(f"b{i}", "stripped", True, True) for i in range(2)),
        *(Case(f"c{i}", "camera", False, i == 0) for i in range(4)),
    ]
    lines = table(cases).splitlines()[2:]
    assert lines == [
        "| signed | 3 | 2 | 1 | – |",
        "| stripped | 2 | 2 | 0 | – |",
        "| camera | 4 | – | – | 1 |",
        "| **all with it** | 5 | 4 | 1 | – |",
        "| **all without it** | 4 | – | – | 1 |",
    ]


@pytest.mark.parametrize("analyzer", ANALYZERS)
def test_a_page_shows_what_was_stored(analyzer: str) -> None:
    assert rendered(analyzer) == (PAGES / f"{analyzer}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("analyzer", ANALYZERS)
def test_enough_files_were_made(analyzer: str) -> None:
    cases = stored(analyzer)
    assert sum(case.present for case in cases) >= 30
    assert sum(not case.present for case in cases) >= 100
    assert len({case.name for case in cases}) == len(cases)
