"""Copies within a picture are found where they are; what merely repeats is not one."""

from __future__ import annotations

import numpy as np
import pytest
from copied_pictures import (
    HEIGHT,
    LAID,
    SIDE,
    TAKEN,
    WIDTH,
    bricks,
    checks,
    moved,
    packed,
    photo,
    placed,
    twins,
)
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from unmask.copymove import copies
from unmask.copymove.copies import Copy, look
from unmask.copymove.repetition import one_way
from unmask.media.luma import luma
from unmask.types import Pixels


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def worse_place(copy: Copy) -> float:
    """IoU of the worse of both places, whichever is which."""
    places = placed(TAKEN), placed(LAID)
    return max(
        min(overlap(copy.first, a), overlap(copy.second, b)) for a, b in (places, places[::-1])
    )


@pytest.mark.parametrize(
    ("degrees", "mirrored"), [(0, False), (35, False), (-110, False), (0, True), (50, True)]
)
def test_both_places_of_a_copy_are_found(degrees: float, mirrored: bool) -> None:
    found = look(packed(moved(photo(1), degrees, mirrored)))
    assert len(found.copies) == 1
    copy = found.copies[0]
    assert worse_place(copy) > 0.6
    assert copy.mirrored == mirrored
    assert copy.scale == pytest.approx(1, abs=0.02)
    if not mirrored:
        assert abs(copy.angle) == pytest.approx(abs(degrees), abs=1.5)


@pytest.mark.parametrize("seed", range(3))
def test_an_untouched_picture_has_no_copy(seed: int) -> None:
    assert look(packed(photo(seed))).copies == ()


@pytest.mark.parametrize("seed", range(2))
def test_a_twin_with_grain_of_its_own_is_no_copy(seed: int) -> None:
    assert look(packed(twins(seed, shared=False), 95)).copies == ()
    assert len(look(packed(twins(seed, shared=True), 95)).copies) == 1


@pytest.mark.parametrize("pixels", [bricks(0), packed(bricks(1)), checks(), packed(checks())])
def test_what_repeats_in_a_lattice_is_no_copy(pixels: Pixels) -> None:
    assert look(pixels).copies == ()


def test_a_place_that_is_stretched_is_no_copy() -> None:
    pixels = photo(1)
    left, top = TAKEN
    part = Image.fromarray(pixels).crop((left, top, left + SIDE, top + SIDE))
    wide = np.asarray(part.resize((SIDE + 10, SIDE), Image.Resampling.BICUBIC))
    pixels = pixels.copy()
    pixels[LAID[1] : LAID[1] + SIDE, LAID[0] : LAID[0] + SIDE + 10] = wide
    assert look(packed(pixels)).copies == ()


@pytest.mark.parametrize("degrees", [5, -8])
def test_the_corners_of_a_turned_picture_are_no_copies(degrees: float) -> None:
    turned = Image.fromarray(photo(4)).rotate(degrees, Image.Resampling.NEAREST)
    assert look(packed(np.asarray(turned))).copies == ()


def test_parallel_edges_have_one_direction() -> None:
    rows, columns = np.mgrid[:90, :90].astype(np.float32)
    everywhere = np.ones((90, 90), bool)
    assert one_way(100 * (columns + 0.2 * rows > 50), everywhere) < 0.05
    assert one_way(luma(photo(1)), np.ones((HEIGHT, WIDTH), bool)) > 0.5


@pytest.mark.parametrize("quality", [0, 90])
def test_letters_are_no_copies(quality: int) -> None:
    page = Image.new("RGB", (320, 240), "white")
    pen = ImageDraw.Draw(page)
    for row in range(9):
        pen.text((10, 8 + 25 * row), "one word and another word", "black", font_size=19)
    pixels = np.asarray(page)
    assert look(packed(pixels, quality) if quality else pixels).copies == ()


def test_a_smooth_picture_is_not_judged() -> None:
    assert look(np.full((200, 200, 3), 128, np.uint8)).blank


def test_a_large_picture_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = moved(photo(1))
    monkeypatch.setattr(copies, "LARGEST", pixels.shape[0] * pixels.shape[1] // 2)
    found = look(pixels)
    assert found.shrunk == pytest.approx(0.5**0.5, abs=0.01)
    assert len(found.copies) == 1
    assert found.copies[0].first.shape == (156, 212)
