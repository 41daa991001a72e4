"""Honest processing keeps size and geometry; earlier saves leave their grid where told."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unmask.forge.operations import jpeg
from unmask.forge.processing import (
    denoised,
    doubled,
    earlier_save,
    equalised,
    median,
    page,
    palette,
    printed,
    processed,
    saved,
)
from unmask.types import Pixels


def photo(seed: int, height: int = 90, width: int = 101) -> Pixels:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (7, 8, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def test_every_operation_is_drawn_and_keeps_size_and_geometry() -> None:
    rng = np.random.default_rng(0)
    pixels = photo(1)
    before = pixels.copy()
    names = set()
    for _ in range(150):
        step = processed(rng)
        names.add(step.operation.__name__)
        again = step(pixels)
        assert again.shape == pixels.shape
        assert again.dtype == np.uint8
        low = [cv2.GaussianBlur(p, (0, 0), 6).astype(float).ravel() for p in (pixels, again)]
        assert np.corrcoef(low[0], low[1])[0, 1] > 0.8
    np.testing.assert_array_equal(pixels, before)
    assert len(names) == 11


def test_smoothing_takes_noise_away() -> None:
    pixels = photo(2)

    def roughness(p: Pixels) -> float:
        return float(np.abs(np.diff(p.astype(float), axis=1)).mean())

    for again in (median(pixels, 3), denoised(pixels, 40, 3)):
        assert roughness(again) < 0.8 * roughness(pixels)
    assert roughness(equalised(pixels, 3)) > roughness(pixels)


def test_a_palette_is_small() -> None:
    for dithered in (0, 1):
        colours = np.unique(palette(photo(3), 32, dithered).reshape(-1, 3), axis=0)
        assert len(colours) <= 32


def test_doubled_pixels_are_equal() -> None:
    again = doubled(photo(4), 2)
    np.testing.assert_array_equal(again[0:88:2], again[1:89:2])


def test_a_print_has_a_screen_at_its_pitch() -> None:
    flat = np.full((128, 128, 3), 128, np.uint8)
    grey = printed(flat, 4.0, 0.6, 1).astype(float).mean(2)
    power = np.abs(np.fft.fft2(grey - grey.mean())) ** 2
    assert np.unravel_index(power.argmax(), power.shape) in {(32, 0), (0, 32), (96, 0), (0, 96)}


@pytest.mark.parametrize("offset", [(0, 0), (3, 0), (5, 7)])
def test_a_save_lies_on_the_grid_it_was_given(offset: tuple[int, int]) -> None:
    """Saved again on the same grid it hardly changes; on another it does."""
    pixels = photo(5, 96, 96)
    once = saved(pixels, 60, 0, *offset)
    assert once.shape == pixels.shape

    def change(p: Pixels) -> float:
        return float(np.abs(p.astype(float) - once)[16:-16, 16:-16].mean())

    same = change(saved(once, 60, 0, *offset))
    other = change(saved(once, 60, 0, (offset[0] + 4) % 8, offset[1]))
    assert same < 0.7 * other


def test_a_save_without_offset_is_a_plain_one() -> None:
    pixels = photo(6, 64, 64)
    np.testing.assert_array_equal(saved(pixels, 70), jpeg(pixels, 70))


def test_half_of_the_earlier_saves_lie_on_the_grid() -> None:
    rng = np.random.default_rng(0)
    aligned = [earlier_save(rng).arguments[2:] == (0, 0) for _ in range(300)]
    assert 0.4 < np.mean(aligned) < 0.62


def test_pages_differ_and_repeat_by_seed() -> None:
    one, same, other = (page(112, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (112, 112, 3)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
