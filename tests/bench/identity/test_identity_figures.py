from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from unmask.bench.identity import figures
from unmask.bench.identity.media import speaker
from unmask.bench.identity.page import fill
from unmask.bench.identity.pairs import Item, Pair, as_predictions, half, pairs
from unmask.bench.identity.rows import read_rows, write_rows
from unmask.bench.own.calibrate import fit_operating
from unmask.errors import DataError
from unmask.types import Tensor


def vectors(people: int = 120, each: int = 3, spread: float = 0.4) -> list[tuple[Item, Tensor]]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(people):
        centre = rng.normal(size=16)
        trait = ("female" if number % 2 else "male", "", "")
        for take in range(each):
            item = Item(f"{number}-{take}", f"p{number}", "made", content=f"c{take}", traits=trait)
            vector = centre + spread * rng.normal(size=16)
            found.append((item, vector.astype(np.float32)))
    return found


@pytest.fixture(scope="module")
def rows() -> list[Pair]:
    made = vectors()
    return pairs(made, made, "distance", strangers=6, alike=3)


def test_no_pair_reaches_over_halves_or_holds_one_item_twice(rows: list[Pair]) -> None:
    for row in rows:
        assert half(row.identity) == half(row.other) == row.half
        assert row.first != row.second
        assert row.label == (row.identity != row.other)
    assert {row.half for row in rows} == {"calibration", "test"}


def test_items_of_one_content_are_no_pair_of_one_person(rows: list[Pair]) -> None:
    same = [row for row in rows if not row.label]
    assert same
    assert all(row.first[-1] != row.second[-1] for row in same)


def test_strangers_alike_share_what_is_known(rows: list[Pair]) -> None:
    per_probe = Counter(row.second for row in rows if row.label)
    assert set(per_probe.values()) == {9}
    assert any(row.alike for row in rows if row.label)
    alike = {row.gender for row in rows if row.alike}
    assert alike == {"female", "male"}


def test_the_calibrated_threshold_holds_on_the_other_half(rows: list[Pair]) -> None:
    own = [row for row in rows if row.half == "calibration"]
    operating = fit_operating(
        as_predictions(own, "face-identity"), "distance", "face-identity", "-"
    )
    test = figures.tested(rows, "distance")
    found = figures.figures(test, operating, 0.05)
    assert found.people == len({row.identity for row in test})
    assert 0.0 <= found.false_alarms[0] < 0.12
    assert found.false_alarms[1] <= found.false_alarms[0] <= found.false_alarms[2]
    assert found.misses[0] < 0.3
    assert found.auc > 0.97
    assert found.least_cllr <= found.cllr < 0.4
    assert operating.llr(0.0) < 0 < operating.llr(1.0)
    assert "| all | clean |" in figures.overall(test, operating)


def test_rows_come_back_and_lacking_columns_are_named(rows: list[Pair], tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    write_rows(path, rows[:50])
    assert read_rows(path, Pair) == rows[:50]
    with pytest.raises(DataError, match="lacks the columns"):
        read_rows(path, Item)
    with pytest.raises(DataError, match="There is no"):
        read_rows(tmp_path / "absent.parquet", Pair)


def test_a_section_is_filled_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n")
    fill("x", "new", page)
    fill("x", "newer", page)
    assert page.read_text() == "before\n<!-- x -->\n\nnewer\n\n<!-- end of x -->\nafter\n"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("vctk_p225", "vctk_225"),
        ("vctk_228F", "vctk_228"),
        ("English_VCTK:p261", "vctk_261"),
        ("lj", "LJ"),
        ("libri_1284", "libri_1284"),
        ("siri", ""),
        ("LibriTTS?", ""),
        ("vctk", ""),
    ],
)
def test_speakers_have_one_name(subject: str, name: str) -> None:
    assert speaker(subject) == name
