"""Made cases: one face of a collage is partly replaced; the analyzer runs for real.

With UNMASK_DATA set, the portraits are those of the development split; otherwise the astronaut
of scikit-image and altered copies of her stand in, and only what holds for them is checked.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from face_samples import portrait
from PIL import Image

from unmask.detectors.image.unmask_face.cases import (
    Case,
    Person,
    answer,
    make_case,
    overlap,
    painted,
    person,
    pyramid_blend,
    replaced,
    seam_mask,
)
from unmask.errors import DataError
from unmask.forge.operations import tint, tone
from unmask.types import Box, Mask


def stand_ins() -> list[Person]:
    """Six "people": the astronaut, mirrored, tinted and with other tone curves."""
    one = portrait()
    looks = [
        one,
        one[:, ::-1],
        tone(one, 1.3),
        tint(one[:, ::-1], 1.06, 1.0, 0.94),
        tone(one, 0.8),
        tint(one, 0.94, 1.0, 1.06),
    ]
    found = [person(f"look {i}", np.ascontiguousarray(look)) for i, look in enumerate(looks)]
    return [one for one in found if one is not None]


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return stand_ins()


def test_a_case_has_one_forged_face_inside_its_box(people: list[Person]) -> None:
    case = make_case(people[:5], people[5], np.random.default_rng(1))
    assert len(case.boxes) == 5
    box = case.boxes[case.forged]
    rows, columns = np.nonzero(case.mask)
    assert len(rows) > 500
    assert box.x - 10 < columns.min()
    assert columns.max() < box.x + box.width + 10
    assert box.y - 10 < rows.min()
    assert rows.max() < box.y + box.height + 10


def test_a_seam_is_one_hard_piece_and_all_else_is_untouched(people: list[Person]) -> None:
    pixels, mask = replaced(people[0], people[3], "seam")
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert cv2.connectedComponents(mask.astype(np.uint8))[0] == 2
    outside = mask == 0
    np.testing.assert_array_equal(pixels[outside], people[0].pixels[outside])
    assert np.abs(pixels[~outside].astype(int) - people[0].pixels[~outside]).mean() > 2
    ellipse = replaced(people[0], people[3])[1]
    assert overlap(mask > 0, ellipse > 0) > 0.5


def test_a_seam_runs_where_the_pictures_agree() -> None:
    """They agree on one ring only, inside the reach of the rays."""
    rows, columns = np.mgrid[0:200, 0:200]
    far = np.hypot(columns - 100, rows - 100)
    outer = np.full((200, 200, 3), 100, np.uint8)
    inner = np.where(np.abs(far - 54) < 2.5, 100, 180).astype(np.uint8)[..., None].repeat(3, -1)
    mask = seam_mask(inner, outer, np.array([100, 100], np.float32), (120.0, 120.0), 30.0)
    assert np.sqrt(mask.sum() / np.pi) == pytest.approx(54, abs=2.5)


def test_untouched_faces_are_untouched(people: list[Person]) -> None:
    """The same draw with another donor changes the forged face only (but for the codec)."""
    one = make_case(people[:4], people[4], np.random.default_rng(2))
    two = make_case(people[:4], people[5], np.random.default_rng(2))
    gap = np.abs(one.pixels.astype(int) - two.pixels).mean(-1)
    blocks = np.zeros_like(one.mask)
    rows, columns = np.nonzero(one.mask)
    top, left = max(0, rows.min() - 90), max(0, columns.min() - 90)  # the coarsest band's reach
    blocks[top : rows.max() + 90, left : columns.max() + 90] = True
    assert gap[~blocks].max() == 0
    assert gap[one.mask].mean() > 0.5


def test_fewer_than_four_people_are_refused(people: list[Person]) -> None:
    with pytest.raises(DataError, match="at least 4"):
        make_case(people[:3], people[4], np.random.default_rng(0))


def test_every_face_of_a_case_is_found_and_scored(people: list[Person]) -> None:
    case = make_case(people[:4], people[5], np.random.default_rng(3))
    answers = answer(case)
    assert [said.name for said in answers] == list(case.names)
    assert sum(said.forged for said in answers) == 1
    assert all(said.score is not None for said in answers)


def test_pyramid_blend_is_each_picture_where_the_mask_is_whole(people: list[Person]) -> None:
    a, b = people[0].pixels, people[2].pixels
    ones = np.ones(a.shape[:2], np.float32)
    assert np.abs(pyramid_blend(a, b, ones).astype(int) - a).max() <= 1
    assert np.abs(pyramid_blend(a, b, ones * 0).astype(int) - b).max() <= 1


def test_painted_masks_and_overlap() -> None:
    values = np.array([[1, 0], [1, 0]], np.float32)
    mask = Mask(values, Box(10, 10, 40, 40), 0.5)
    marked = painted([mask], 100, 100)
    assert marked[20:40, 11:28].all()
    assert not marked[20:40, 32:].any()
    assert overlap(marked, marked) == 1.0
    assert overlap(marked, ~marked) == 0.0
    assert overlap(marked & False, marked & False) == 0.0


def development_people(data: Path, most: int) -> list[Person]:
    found = []
    for line in (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "dev" and row["path"].startswith("images/lfw"):
            one = person(row["group"], np.asarray(Image.open(data / row["path"]).convert("RGB")))
            if one is not None:
                found.append(one)
        if len(found) == most:
            break
    return found


@pytest.mark.skipif("UNMASK_DATA" not in os.environ, reason="UNMASK_DATA does not name the data")
def test_forged_faces_of_real_people_score_above_their_neighbours() -> None:
    people = development_people(Path(os.environ["UNMASK_DATA"]), 60)
    above, flagged, untouched = [], 0, 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        drawn = [people[i] for i in rng.choice(len(people), 5, replace=False)]
        case: Case = make_case(drawn[:4], drawn[4], rng)
        answers = answer(case, fpr=0.01)
        scores = {said.forged: said.score for said in answers if said.score is not None}
        others = [s.score for s in answers if not s.forged and s.score is not None]
        if True in scores and scores[True] is not None:
            above.append(float(np.mean([scores[True] > other for other in others])))
        flagged += sum(said.flagged for said in answers if not said.forged)
        untouched += len(others)
    assert np.mean(above) > 0.7
    assert flagged <= 0.1 * untouched
