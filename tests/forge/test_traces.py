"""Traces of up-sampling that are simulated without a trained generator."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unmask.forge.traces import traced, upsampled
from unmask.types import Pixels


def photo(seed: int, height: int, width: int) -> Pixels:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (9, 9, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def test_a_simulated_upsampling_leaves_replicas_in_the_spectrum() -> None:
    def nyquist(pixels: Pixels) -> float:
        grey = pixels.astype(float).mean(2)
        power = np.abs(np.fft.fft2(grey - grey.mean())) ** 2
        return float(power[62:67, :5].sum() + power[:5, 62:67].sum()) / float(power.sum())

    pixels = cv2.GaussianBlur(photo(5, 128, 128), (0, 0), 1.2).astype(np.uint8)
    ratios = [
        nyquist(upsampled(pixels, np.random.default_rng(seed))) / nyquist(pixels)
        for seed in range(6)
    ]
    assert np.median(ratios) > 3


@pytest.mark.parametrize("size", [(65, 64), (33, 47)])
def test_odd_sides_are_kept(size: tuple[int, int]) -> None:
    pixels = photo(2, *size)
    assert upsampled(pixels, np.random.default_rng(0)).shape == pixels.shape


@pytest.mark.parametrize("size", [(65, 64), (33, 47), (112, 112)])
def test_random_traces_keep_the_picture(size: tuple[int, int]) -> None:
    pixels = photo(3, *size)
    for seed in range(12):
        again = traced(pixels, np.random.default_rng(seed))
        assert again.shape == pixels.shape
        assert again.dtype == np.uint8
        low = [cv2.GaussianBlur(p, (0, 0), 5).astype(float) for p in (pixels, again)]
        assert 0 < np.abs(again.astype(float) - pixels).mean() < 12
        assert np.abs(low[0] - low[1]).mean() < 2


def test_a_seed_repeats_random_traces_and_another_does_not() -> None:
    pixels = photo(4, 64, 64)
    one, two = (traced(pixels, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (one != traced(pixels, np.random.default_rng(8))).any()


def test_random_traces_repeat_with_the_octaves() -> None:
    """On flat ground the trace of one seed is periodic: equal after the step of its octaves."""
    flat = np.full((96, 96, 3), 120, np.uint8)
    periods = []
    for seed in range(12):
        inner = traced(flat, np.random.default_rng(seed))[32:64, 32:64].astype(int)
        fits = [p for p in (2, 4, 8) if (inner[p:] == inner[:-p]).all()]
        periods.append(min(fits, default=0))
    assert all(periods)
