"""Files of the same source pass; those of another are told so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_rows import rows
from scipy import stats

from unmask.decision.features import SCORE, features, readable
from unmask.decision.likeness import ALARM, Likeness, Space
from unmask.decision.rows import Row
from unmask.types import Box, Claim, Finding, Kind, MediaInfo, Where


def share(likeness: Likeness, new: list[Row]) -> float:
    return float((likeness.p([(row.numbers, row.words) for row in new]) <= ALARM).mean())


def test_of_the_same_source_few_are_unlike_and_of_another_most() -> None:
    same, shifted = [], []
    for seed in range(10):
        likeness = Likeness.of(rows(200, seed))
        same.append(share(likeness, rows(200, seed + 1000)))
        shifted.append(share(likeness, rows(200, seed + 2000, size=-2, quality=1.5, noise=1)))
    total = 10 * 200
    assert np.mean(same) <= stats.binom.ppf(0.999, total, ALARM) / total
    assert np.mean(shifted) >= 0.8


def test_each_of_two_very_different_sources_stands_for_itself() -> None:
    likeness = Likeness.of(rows(150, 1) + rows(150, 2, size=-9, quality=2))
    assert share(likeness, rows(300, 3)) < 0.1
    assert share(likeness, rows(300, 4, size=-9, quality=2)) < 0.1
    assert share(likeness, rows(300, 5, size=-5, quality=1)) > 0.7


def test_it_says_in_what_a_file_differs_in_words_of_a_person() -> None:
    likeness = Likeness.of(rows(200))
    one = rows(1, 7, size=-6)[0]
    said = likeness.unlike(one.numbers, one.words | {"container": "WebP"})
    assert "container WebP (there: JPEG)" in said
    assert "pixels 6" in said
    assert "log2" not in said
    same = rows(40, 8)
    assert sum(not likeness.unlike(row.numbers, row.words) for row in same) > 30


def test_a_number_that_is_lacking_is_apart_and_the_same_file_is_not() -> None:
    known = [Row(f"{i}", f"{i:064x}", "g", 0, "image", numbers={"a": i / 50}) for i in range(50)]
    likeness = Likeness.of(known)
    assert likeness.p([(known[20].numbers, {})])[0] > ALARM
    assert likeness.p([({}, {})])[0] <= ALARM


def test_a_suspect_score_makes_no_stranger_and_an_odd_low_one_does() -> None:
    likeness = Likeness.of(rows(200))
    suspect, odd = [], []
    for row in rows(100, 11):
        names = [name for name in row.numbers if name.startswith(SCORE)]
        suspect.append(replace(row, numbers=row.numbers | dict.fromkeys(names, 20.0)))
        odd.append(replace(row, numbers=row.numbers | dict.fromkeys(names, -20.0)))
    assert share(likeness, suspect) < 0.1
    assert share(likeness, odd) > 0.9
    assert "(there: over -" in likeness.unlike(odd[0].numbers, odd[0].words)


def test_files_that_are_all_alike_are_like_each_other() -> None:
    known = [Row(f"{i}", f"{i:064x}", "g", 0, "image", numbers={"a": 1.0}) for i in range(50)]
    assert not Likeness.of(known).unlike({"a": 1.0}, {})
    assert "a 3 (there: 1)" in Likeness.of(known).unlike({"a": 3.0}, {})


def test_distances_are_those_of_the_naive_way() -> None:
    made = rows(30, 9)
    likeness = Likeness.of(made)
    points = Space.of(made).points([(row.numbers, row.words) for row in made])
    naive = []
    for at in range(30):
        away = np.linalg.norm(points - points[at], axis=1)
        naive.append(np.sort(np.delete(away, at))[:5].mean())
    assert likeness.apart == pytest.approx(np.sort(naive), abs=1e-6)


def test_features_are_read_from_a_report() -> None:
    media = MediaInfo("a.jpg", Kind.IMAGE, "JPEG", 65536, "0" * 64, width=512, height=256)
    saved = {"quality": 90, "encoder": "libjpeg", "chroma sampling": "4:2:0"}
    face = Where(boxes=(Box(0, 0, 32, 32),))
    numbers, words = features(
        media,
        [
            Finding("compression", Claim.COMPRESSION, "", kind="fact", details=saved),
            Finding("face", Claim.FACE_MANIPULATED, "", face, detector="f", score=-2.0),
            Finding("face", Claim.FACE_MANIPULATED, "", face, detector="f", score=1.0),
        ],
    )
    assert numbers["pixels (log2)"] == 17
    assert numbers["bits a pixel (log2)"] == 2
    assert numbers["score of f face-manipulated"] == 1.0
    assert numbers["faces"] == 2
    assert readable("JPEG quality", numbers["JPEG quality"])[1] == pytest.approx(90, abs=0.01)
    assert words == {"container": "JPEG", "encoder": "libjpeg", "chroma sampling": "4:2:0"}
