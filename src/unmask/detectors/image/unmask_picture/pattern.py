"""Whether a regular pattern of its own covers a picture: dots, lines, weave, repeated pixels.

Dithering, halftone print, a screen photographed, cloth, scan lines and enlargement by repeating
pixels leave sharp peaks in the spectrum, as the up-sampling of generators does, only many times
stronger. Three measures, all of the luma:

* tiles of 128 × 128 pixels (Hann window) are brought to one log power spectrum, averaged over the
  picture; a pattern stands out of the median of its neighbourhood in frequency (as in the detection
  of periodic noise). The edges of a JPEG's blocks lie on the two axes at multiples of 1/8 and are
  measured apart, with a higher level;
* the mean step from one column (row) to the next, along the picture: pixels that are repeated
  make steps come and go with a period;
* rows (columns) that resemble the next but one more than the next, as interlaced fields of a moving
  scene and alternate lines do. In photographs it is the other way round, in noise both are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

_Float = NDArray[np.float32]
_SIDE = 128
_TILES = 6
"""Tiles along each side at most."""
_FLAT = 1.0
"""Standard deviation in grey levels under which a tile says nothing."""
_LOWEST = 0.08
"""Cycles a pixel under which the picture's own shapes lie."""
_AROUND = 6
_PEAK, _BLOCK_PEAK = 4.0, 6.0
"""Log power over the neighbourhood: of any frequency, of those where JPEG's blocks have theirs."""
_AMPLITUDE = 1.0
"""Grey levels of a wave that can be a pattern."""
_SWING, _BLOCK_SWING = 0.45, 1.0
"""Share by which steps between columns swing with one period: any, that of JPEG's blocks. What the
blocks have at theirs, they have at each whole part of it too."""
_FEW = 400
"""Columns under which the share must be larger, as single edges weigh more."""
_COMB = 1.1
"""Mean step to the next line over that to the next but one: at most 0.91 in 300 photographs."""
_STEP = 0.5
"""Grey levels between lines under which they say nothing."""
_LONGEST, _MEAN, _SHORTEST = 2048, 17, 80
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def regular_pattern(pixels: Pixels) -> bool:
    """True if a regular pattern covers the picture (height × width × 3)."""
    return _waves(pixels) or _repeats(pixels) or _alternates(pixels)


def _tiles(pixels: Pixels) -> Iterator[_Float]:
    height, width = pixels.shape[:2]
    down, right = max(0, _SIDE - height), max(0, _SIDE - width)
    if down or right:
        pixels = np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="symmetric")
    for top in _starts(pixels.shape[0]):
        for left in _starts(pixels.shape[1]):
            yield pixels[top : top + _SIDE, left : left + _SIDE] @ _LUMA


def _starts(length: int) -> list[int]:
    count = max(1, min(2 * length // _SIDE - 1, _TILES))
    return [int(start) for start in np.linspace(0, length - _SIDE, count)]


@lru_cache(maxsize=1)
def _masks() -> tuple[_Float, NDArray[np.bool_], NDArray[np.bool_]]:
    """The window, frequencies that count, and those of them where JPEG's blocks have their own."""
    window = np.hanning(_SIDE)
    rate = np.abs(np.fft.fftfreq(_SIDE))
    across, down = np.meshgrid(rate, rate)
    width = 2.5 / _SIDE
    eighth = np.abs(8 * rate - np.round(8 * rate)) < 8 * width
    blocks = ((across < width) & eighth[:, None]) | ((down < width) & eighth[None])
    return np.outer(window, window).astype(np.float32), np.hypot(across, down) >= _LOWEST, blocks


def _waves(pixels: Pixels) -> bool:
    window, counts, blocks = _masks()
    unit = float(window.sum() / 2) ** 2
    spectra = [
        np.log(np.abs(np.fft.fft2((tile - tile.mean()) * window)) ** 2 / unit + 1e-6)
        for tile in _tiles(pixels)
        if float(tile.std()) >= _FLAT
    ]
    if not spectra:
        return False
    level = np.mean(spectra, axis=0).astype(np.float32)
    over = level - _surroundings(level)
    peak = (over > _BLOCK_PEAK) | ((over > _PEAK) & ~blocks)
    return bool((peak & counts & (level > 2 * np.log(_AMPLITUDE))).any())


def _surroundings(level: _Float) -> _Float:
    """Median of every second value up to six frequencies away; the spectrum goes on at its rim."""
    size = 2 * _AROUND + 1
    framed = np.pad(level, _AROUND, mode="wrap")
    near = np.lib.stride_tricks.sliding_window_view(framed, (size, size))[:, :, ::2, ::2]
    return np.asarray(np.median(near.reshape(*level.shape, -1), axis=2), np.float32)


def _middle(pixels: Pixels) -> _Float:
    """Luma of the middle of the picture."""
    height, width = pixels.shape[:2]
    top, left = max(0, (height - _LONGEST) // 2), max(0, (width - _LONGEST) // 2)
    grey: _Float = pixels[top : top + _LONGEST, left : left + _LONGEST] @ _LUMA
    return grey


def _alternates(pixels: Pixels) -> bool:
    grey = _middle(pixels)
    for part in (grey, grey.T):
        if len(part) < _SHORTEST:
            continue
        near = float(np.abs(np.diff(part, axis=0)).mean())
        if near > _STEP and near > _COMB * float(np.abs(part[2:] - part[:-2]).mean()):
            return True
    return False


def _repeats(pixels: Pixels) -> bool:
    grey = _middle(pixels)
    return any(_swings(np.abs(np.diff(part, axis=1)).mean(axis=0)) for part in (grey, grey.T))


def _swings(steps: _Float) -> bool:
    """Whether the steps swing with one period by a large share of their local mean."""
    if steps.size < _SHORTEST or steps.mean() < _STEP:
        return False
    usual = np.convolve(steps, np.ones(_MEAN) / _MEAN, "same")
    cut = _MEAN // 2
    swings = (steps / np.maximum(usual, 1e-3) - 1)[cut:-cut]
    window = np.hanning(swings.size)
    share = np.abs(np.fft.rfft(swings * window)) / (window.sum() / 2)
    level = np.full(share.shape, _SWING)
    eighth = 8 * np.fft.rfftfreq(swings.size)
    order = np.round(eighth)
    blocks = (order > 0) & (np.abs(eighth - order) < 8 * 2.5 / swings.size)
    first = blocks & (order == 1)
    level[blocks] += share[first].max(initial=0.0)
    level[first] = _BLOCK_SWING
    level *= max(1.0, (_FEW / swings.size) ** 0.5)
    return bool((share > level)[4:].any())
