"""Whether a promised rate still holds, and since when not."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.calibrate.checking import CANDIDATES, LEVEL, since


def dates(count: int) -> list[str]:
    first = np.datetime64("2025-01-01")
    return [str(first + np.timedelta64(day, "D")) for day in range(count)]


def hits(count: int, rate: float, rng: np.random.Generator) -> list[bool]:
    return (rng.random(count) < rate).tolist()


def test_a_change_in_the_middle_is_dated() -> None:
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        along = hits(300, 0.05, rng) + hits(200, 0.25, rng)
        found.append(dates(500).index(since(along, dates(500), 0.05)))
    assert abs(np.median(found) - 300) <= 500 / CANDIDATES
    assert min(found) > 200


def test_a_rate_that_holds_has_no_such_date() -> None:
    named = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        named += bool(since(hits(500, 0.05, rng), dates(500), 0.05))
    assert named <= 100 * LEVEL


def test_a_rate_that_was_wrong_from_the_start_is_dated_at_the_start() -> None:
    rng = np.random.default_rng(0)
    assert dates(500).index(since(hits(500, 0.2, rng), dates(500), 0.05)) <= 75


@pytest.mark.parametrize("count", [0, 1, 19])
def test_few_files_have_no_date(count: int) -> None:
    assert since([True] * count, dates(count), 0.05) == ""


def test_files_of_one_day_stay_together() -> None:
    rng = np.random.default_rng(1)
    days = ["2025-01-01"] * 250 + ["2025-02-01"] * 250
    along = hits(250, 0.02, rng) + hits(250, 0.3, rng)
    assert since(along, days, 0.05) == "2025-02-01"
