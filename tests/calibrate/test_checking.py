"""Whether a promised rate still holds, and since when not."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unmask.calibrate.checking import CANDIDATES, LEVEL, check, since
from unmask.calibrate.fitting import Origin, write_calibration
from unmask.decision.calibration import Calibration, read_calibration
from unmask.decision.certificate import Birth, Material
from unmask.errors import SettingError
from unmask.types import Kind

sys.path.insert(0, str(Path(__file__).parents[1] / "decision"))
from made_rows import rows


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """Of 1,000 made files, of which an exponential surprise is all that counts."""
    found = rows(1000, groups=("desk", "street"))
    birth = Birth(fps=5.0, analyzers=["picture"], joined=[], models={})
    real = Material(folders=["real"], files=1000, unreadable=0, twice=0)
    path = tmp_path_factory.mktemp("check") / "n.toml"
    write_calibration(path, found, Origin("2026-03-01", birth, {}, real, None), 2.0)
    return read_calibration(path)


def test_a_doubled_rate_is_noticed_with_500_files_and_a_kept_one_is_not(made: Calibration) -> None:
    doubled, kept, chance = 0, 0, 0.0
    for seed in range(10):
        # Raised by log 2, an exponential law is exceeded twice as often everywhere.
        worse = check(made, rows(500, seed + 10, raised=math.log(2)), 0.05)[0]
        same = check(made, rows(500, seed + 10), 0.05)[0]
        doubled, kept = doubled + worse.overall.broken, kept + (not same.overall.broken)
        chance = worse.noticed
    assert doubled == 10
    assert kept >= 8
    assert chance > 0.99


def test_a_group_that_went_bad_is_named_and_dated(made: Calibration) -> None:
    early = rows(250, 50, groups=("desk", "street", "stringers"))
    late = rows(250, 51, raised=1.5, groups=("stringers",))
    late = [replace(row, taken=row.taken.replace("2026", "2027")) for row in late]
    found = check(made, early + late, 0.05)[0]
    assert [group.name for group in found.groups if group.broken] == ["stringers"]
    assert found.groups[0].promised == 0.1
    assert "2026-11" <= found.since < "2027-03"
    assert found.p_luck < 0.001


def test_a_few_files_say_how_little_they_can_notice(made: Calibration) -> None:
    found = check(made, rows(20, 60), 0.01)[0]
    assert not found.overall.broken
    assert found.noticed < 0.1


def test_another_kind_or_rate_cannot_be_checked(made: Calibration) -> None:
    with pytest.raises(SettingError, match="None of the new files"):
        check(made, rows(20, 61, kind="audio"), 0.05)
    with pytest.raises(SettingError, match="1999"):
        check(made, rows(20, 62), 0.0005)


def test_a_shifted_source_is_seen_in_the_share_that_is_unlike(made: Calibration) -> None:
    assert check(made, rows(200, 63), 0.05)[0].unlike < 0.12
    assert check(made, rows(200, 64, size=-2, quality=1.5, noise=1), 0.05)[0].unlike > 0.8
    assert made.table(Kind.IMAGE) is not None
