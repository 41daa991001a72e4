"""Looks at a face and their masks."""

import numpy as np

from unmask.faces.crop import crop, square
from unmask.faces.views import View, views
from unmask.types import Box


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (120, 120, 3), np.uint8)


def test_every_second_look_is_mirrored() -> None:
    assert views([1.2, 1.4, 1.1]) == (View(1.2, False), View(1.4, True), View(1.1, False))


def test_a_plain_look_is_the_crop_and_a_mirrored_one_its_mirror() -> None:
    box = Box(40, 40, 40, 40)
    cut = crop(picture(), square(box, 1.5), 32)
    np.testing.assert_array_equal(View(1.5, False).take(picture(), box, 32), cut)
    np.testing.assert_array_equal(View(1.5, True).take(picture(), box, 32), cut[:, ::-1])


def test_a_mask_is_mirrored_back() -> None:
    mask = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(View(1.0, False).upright(mask), mask)
    np.testing.assert_array_equal(View(1.0, True).upright(mask), mask[:, ::-1])
