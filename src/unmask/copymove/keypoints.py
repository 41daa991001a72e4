"""Keypoints: extrema of differences of Gaussians over place and scale, each with its direction.

Lowe 2004, "Distinctive image features from scale-invariant keypoints", sections 3 to 5. In the very
first octave, of fine detail, the blur is half of that of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.media.blur import blurred
from unmask.media.scale_space import FIRST, PER_OCTAVE, extrema, levels_of
from unmask.types import Tensor

_TAKEN = 0.5
"""Blur that a picture is taken to have."""
_CONTRAST, _EDGE = 0.45, 10.0
_LEAST_SIDE = 16
_RIM = 5
_BINS, _PEAK = 36, 0.8
_GRID, _SPACING = 12, 0.75


@dataclass(frozen=True, slots=True)
class Keypoints:
    """``places`` N × 2 (x, y), ``scale`` N (pixels), ``angle`` N (radians), ``bright`` N (whether
    the spot is brighter than what lies around it), ``strength`` N (grey levels)."""

    places: Tensor
    scale: Tensor
    angle: Tensor
    bright: NDArray[np.bool_]
    strength: Tensor


@dataclass(frozen=True, slots=True)
class Octave:
    """Levels of rising blur of a picture halved ``halved`` times, and keypoints in them.

    ``first``: blur of the first level. ``spots``: N × 3 (x, y, level) in its own pixels and steps;
    ``strength``: signed.
    """

    levels: list[Tensor]
    first: float
    halved: int
    spots: Tensor
    strength: Tensor

    def scale(self, chosen: NDArray[np.int_]) -> Tensor:
        """The blur in its own pixels at which chosen spots stand out."""
        return np.asarray(self.first * 2 ** (self.spots[chosen, 2] / PER_OCTAVE), np.float32)


def octaves(grey: Tensor) -> Iterator[Octave]:
    """The scale space of a height × width picture (0…255), halved until it is too small."""
    first, halved = FIRST / 2, 0
    base = blurred(grey, float(np.sqrt(first**2 - _TAKEN**2)))
    while min(base.shape) >= _LEAST_SIDE:
        levels = levels_of(base, first)
        yield Octave(levels, first, halved, *extrema(levels, _CONTRAST, _EDGE, _RIM))
        base = levels[PER_OCTAVE]
        if first == FIRST:
            base = np.ascontiguousarray(base[::2, ::2])
            halved += 1
        first = FIRST


def sampled(grey: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Values between pixels (bilinear) at rows and columns of any one shape."""
    height, width = grey.shape
    rows, columns = np.clip(rows, 0, height - 1.001), np.clip(columns, 0, width - 1.001)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    flat, at = grey.reshape(-1), top * np.int32(width) + left
    upper, lower = flat[at], flat[at + np.int32(width)]
    upper = upper + (flat[at + np.int32(1)] - upper) * right
    lower = lower + (flat[at + np.int32(width + 1)] - lower) * right
    mixed: Tensor = upper + (lower - upper) * down
    return mixed


def directed(octave: Octave, chosen: NDArray[np.int_]) -> tuple[NDArray[np.int_], Tensor]:
    """The main directions (radians) of chosen spots; some have two. Gives number and direction."""
    side = _GRID + 2
    offsets = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * _SPACING
    histogram = np.zeros((len(chosen), _BINS), np.float32)
    inner = offsets[1:-1]
    weight = np.exp(-0.5 * (inner[:, None] ** 2 + inner[None] ** 2) / 1.5**2).astype(np.float32)
    for level, some in by_level(octave, chosen):
        x, y, _ = octave.spots[chosen[some]].T
        scale = octave.scale(chosen[some])
        columns = np.repeat(x[:, None, None] + offsets * scale[:, None, None], side, axis=1)
        rows = np.repeat(y[:, None, None] + offsets[:, None] * scale[:, None, None], side, axis=2)
        patch = sampled(octave.levels[level], rows, columns)
        right = patch[:, 1:-1, 2:] - patch[:, 1:-1, :-2]
        down = patch[:, 2:, 1:-1] - patch[:, :-2, 1:-1]
        size = np.hypot(right, down) * weight
        turn = np.arctan2(down, right) * np.float32(_BINS / (2 * np.pi))
        bins = np.rint(turn).astype(np.int64) % _BINS
        bins += np.arange(len(some))[:, None, None] * _BINS
        counted = np.bincount(bins.reshape(-1), size.reshape(-1), len(some) * _BINS)
        histogram[some] = counted.reshape(-1, _BINS)
    for _ in range(2):
        around = np.roll(histogram, 1, axis=1) + np.roll(histogram, -1, axis=1)
        histogram = np.asarray((histogram + around) / 3, np.float32)
    before, after = np.roll(histogram, 1, axis=1), np.roll(histogram, -1, axis=1)
    top = histogram.max(axis=1, keepdims=True)
    peaks = (histogram > before) & (histogram > after) & (histogram >= _PEAK * top)
    number, at = np.nonzero(peaks)
    low, mid, high = before[number, at], histogram[number, at], after[number, at]
    bend = low + high - 2 * mid
    shift = (low - high) / (2 * np.where(bend == 0, 1, bend))
    return number, ((at + shift) * (2 * np.pi / _BINS)).astype(np.float32)


def by_level(octave: Octave, chosen: NDArray[np.int_]) -> Iterator[tuple[int, NDArray[np.int_]]]:
    """Which of the chosen spots lie nearest to which level."""
    nearest = np.clip(np.rint(octave.spots[chosen, 2]).astype(int), 0, len(octave.levels) - 1)
    for level in np.unique(nearest):
        yield int(level), np.flatnonzero(nearest == level)
