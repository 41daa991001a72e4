"""Features are where they should be and describe what they should."""

from __future__ import annotations

import numpy as np
import pytest
from copied_pictures import photo

from unmask.copymove.features import features
from unmask.media.blur import blurred
from unmask.media.luma import luma
from unmask.types import Tensor


@pytest.fixture(scope="module")
def grey() -> Tensor:
    return luma(photo(2))


def test_a_blur_is_a_gaussian() -> None:
    spot = np.zeros((61, 70), np.float32)
    spot[30, 30] = 1
    away = np.arange(61) - 30
    exact = np.exp(-0.5 * (away[:, None] ** 2 + away[None] ** 2) / 4.0**2) / (2 * np.pi * 4.0**2)
    np.testing.assert_allclose(blurred(spot, 4.0)[:, :61], exact, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(1, 9), (5, 3), (100, 4)])
def test_a_blur_keeps_the_mean_at_every_size(height: int, width: int) -> None:
    even = np.full((height, width), 7, np.float32)
    np.testing.assert_allclose(blurred(even, 3.0), 7, rtol=1e-5)


def matched(one: Tensor, other: Tensor) -> float:
    """The share of descriptors of ``one`` with a very near one in ``other``."""
    return float(((one @ other.T).max(axis=1) > 0.97).mean())


def test_a_quarter_turn_changes_no_description(grey: Tensor) -> None:
    upright = features(grey, 1000)
    turned = features(np.ascontiguousarray(np.rot90(grey)), 1000)
    assert len(upright.descriptors) > 200
    assert matched(upright.descriptors, turned.descriptors) > 0.8


def test_a_mirrored_picture_has_the_mirrored_descriptions(grey: Tensor) -> None:
    upright = features(grey, 1000)
    mirrored = features(np.ascontiguousarray(grey[:, ::-1]), 1000)
    assert matched(upright.mirrored(), mirrored.descriptors) > 0.8
    assert matched(upright.descriptors, mirrored.descriptors) < 0.5


def test_no_more_features_than_asked_for(grey: Tensor) -> None:
    few = features(grey, 100)
    assert 100 <= len(few.descriptors) < 140  # some have two directions
    rows = few.points.places[:, 1]
    assert (rows < grey.shape[0] / 2).mean() == pytest.approx(0.5, abs=0.15)


def test_places_agree_with_those_of_opencv(grey: Tensor) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV comes with the research wing")
    theirs = cv2.SIFT_create(200, contrastThreshold=0.03).detect(grey.astype(np.uint8), None)
    places = np.array([one.pt for one in theirs if one.size > 4])
    ours = features(grey, 4000).points.places
    nearest = np.hypot(*(places[:, None] - ours[None]).transpose(2, 0, 1)).min(axis=1)
    assert len(places) > 40
    assert (nearest < 1.5).mean() > 0.8
