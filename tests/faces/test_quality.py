"""Which faces can be judged, and the plain reason for those that cannot."""

import dataclasses

import numpy as np
import pytest
from face_samples import made_face, portrait

from unmask.faces.crop import crop, square
from unmask.faces.detect import detect
from unmask.faces.quality import Quality, judge, sharpness, turn
from unmask.forge.operations import blur, tone

GOOD = Quality(size=120, sharpness=0.05, turn=0.1, confidence=0.95)


def test_a_good_face_has_no_problem() -> None:
    assert GOOD.problem() == ""
    pixels = portrait()
    face = detect(pixels)[0]
    assert judge(face, crop(pixels, square(face.box, 1.35), 160)).problem() == ""


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"size": 20.0}, "too small"),
        ({"sharpness": 0.0001}, "too blurred"),
        ({"turn": 0.95}, "turned"),
        ({"confidence": 0.5}, "not certain"),
    ],
)
def test_each_problem_has_its_reason(change: dict[str, float], word: str) -> None:
    assert word in dataclasses.replace(GOOD, **change).problem()


def test_blur_lowers_sharpness_and_contrast_does_not_matter() -> None:
    pixels = portrait()
    assert sharpness(blur(pixels, 3)) < 0.3 * sharpness(pixels)
    flat = tone(pixels, 1.0, 0.6, 0)
    assert sharpness(flat) == pytest.approx(sharpness(pixels), rel=0.15)


def test_strong_blur_is_refused() -> None:
    pixels = portrait()
    face = detect(pixels)[0]
    cut = crop(blur(pixels, 5), square(face.box, 1.35), 160)
    assert "blurred" in judge(face, cut).problem()


def test_turn_is_zero_to_the_front_and_grows_sideways() -> None:
    face = made_face()
    assert turn(face) == pytest.approx(0, abs=1e-6)
    turns = []
    for shift in (4, 10, 18):
        points = face.points.copy()
        points[2, 0] += shift
        turns.append(turn(dataclasses.replace(face, points=points)))
    assert turns == sorted(turns)
    assert turns[-1] > 0.75


def test_turn_does_not_change_when_the_picture_is_tilted() -> None:
    face = made_face()
    face.points[2, 0] += 8
    angle = np.radians(25)
    map_ = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    tilted = dataclasses.replace(face, points=face.points @ map_.T)
    assert turn(tilted) == pytest.approx(turn(face), rel=1e-3)


def test_profile_counts_as_fully_turned() -> None:
    face = made_face()
    face.points[1] = face.points[0] + [2, 0]
    assert turn(face) == 1.0
