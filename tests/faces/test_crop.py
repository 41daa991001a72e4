"""Cutting squares around faces and laying masks back over the picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.faces.crop import crop, inner, lay_back, square, thinned
from unmask.types import Box


def ramp(height: int = 100, width: int = 140) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)


def test_square_keeps_the_centre() -> None:
    region = square(Box(10, 20, 30, 50), 1.4)
    assert region.width == region.height == pytest.approx(70)
    assert region.x + region.width / 2 == pytest.approx(25)
    assert region.y + region.height / 2 == pytest.approx(45)


def test_crop_inside_is_exact_at_its_own_size() -> None:
    picture = ramp()
    np.testing.assert_array_equal(crop(picture, Box(20, 30, 40, 40), 40), picture[30:70, 20:60])


def test_crop_beyond_the_rim_goes_on_with_the_rim() -> None:
    cut = crop(ramp(), Box(-20, -20, 40, 40), 40)
    assert (cut[:20, :20] == 0).all()
    np.testing.assert_array_equal(cut[0, 20:, 0], np.arange(20))


@pytest.mark.parametrize(
    ("region", "place"),
    [
        (Box(10.4, 20.6, 30, 40), Box(10, 20, 31, 41)),
        (Box(-20, -5.5, 40, 40), Box(0, 0, 20, 35)),
        (Box(120, 90, 40, 40), Box(120, 90, 20, 10)),
    ],
)
def test_what_lies_of_a_region_inside_the_picture(region: Box, place: Box) -> None:
    picture = ramp()
    cut, where = inner(picture, region)
    assert where == place
    x, y = int(place.x), int(place.y)
    expected = picture[y : y + int(place.height), x : x + int(place.width)]
    np.testing.assert_array_equal(cut, expected)
    few, again = thinned(picture, region, 16)
    assert again == place
    assert max(few.shape[:2]) <= 16
    np.testing.assert_array_equal(few[0, 0], picture[y, x])


@pytest.mark.parametrize("region", [Box(-90, 10, 40, 40), Box(10, 300, 40, 40)])
def test_nothing_of_a_region_outside_lies_inside(region: Box) -> None:
    assert inner(ramp(), region)[0].size == 0


def test_a_mask_without_channels_is_cut_alike() -> None:
    picture, region = ramp(), Box(-20, 70, 60, 60)
    cut = crop(picture, region, 30)
    np.testing.assert_array_equal(crop(picture[..., 0], region, 30), cut[..., 0])


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-300, 300), st.floats(-300, 300), st.floats(0.5, 400), st.integers(1, 90),
    st.integers(1, 90),
)  # fmt: skip
def test_any_region_of_any_picture_gives_the_size(
    x: float, y: float, side: float, height: int, width: int
) -> None:
    cut = crop(ramp(height, width), Box(x, y, side, side), 24)
    assert cut.shape == (24, 24, 3)
    assert cut.max() < 100


def test_mask_inside_the_picture_keeps_its_values() -> None:
    values = np.arange(16, dtype=np.float32).reshape(4, 4) / 16
    mask = lay_back(values, Box(10, 10, 40, 40), 100, 100, 0.3, 2.0)
    assert mask is not None
    np.testing.assert_array_equal(mask.values, values)
    assert mask.box == Box(10, 10, 40, 40)
    assert (mask.level, mask.time) == (0.3, 2.0)


def test_mask_is_cut_at_the_rim() -> None:
    values = np.zeros((4, 4), np.float32)
    values[:, 2:] = 1
    mask = lay_back(values, Box(-20, 0, 40, 40), 100, 100)
    assert mask is not None
    assert mask.box == Box(0, 0, 20, 40)
    assert (mask.values == 1).all()
    assert mask.values.shape == (4, 2)


def test_mask_outside_the_picture_is_none() -> None:
    assert lay_back(np.ones((4, 4), np.float32), Box(200, 0, 40, 40), 100, 100) is None


def test_crop_and_mask_agree() -> None:
    """A bright spot seen in the crop comes back at its place in the picture."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[70:80, 110:122] = 255
    region = Box(80, 40, 70, 70)
    seen = crop(picture, region, 70)[..., 0].astype(np.float32) / 255
    mask = lay_back(seen, region, 160, 120)
    assert mask is not None
    rows, columns = np.nonzero(mask.values >= mask.level)
    scale = mask.box.width / mask.values.shape[1]
    assert columns.min() * scale + mask.box.x == pytest.approx(110, abs=1)
    assert rows.max() * scale + mask.box.y == pytest.approx(79, abs=1)
