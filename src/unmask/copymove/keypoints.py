"""Keypoints: extrema of differences of Gaussians over place and scale, each with its direction.

Lowe 2004, "Distinctive image features from scale-invariant keypoints", sections 3 to 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unmask.media.blur import blurred
from unmask.types import Tensor

PER_OCTAVE = 3
FIRST = 1.6
"""Blur in pixels of the first level of an octave; in the very first, of fine detail, half of it."""
_TAKEN = 0.5
"""Blur that a picture is taken to have."""
_CONTRAST, _EDGE = 0.45, 10.0
_LEAST_SIDE = 16
_ROWS = 64
"""Rows looked at at a time: so few stay in the processor's cache."""
_RIM = 5
_BINS, _PEAK = 36, 0.8
_GRID, _SPACING = 12, 0.75
_AROUND = sorted(
    ((dl, dy, dx) for dl in (-1, 0, 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dl or dy or dx),
    key=lambda step: sum(map(abs, step)),
)


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
        levels = _levels(base, first)
        yield Octave(levels, first, halved, *_extrema(levels))
        base = levels[PER_OCTAVE]
        if first == FIRST:
            base = np.ascontiguousarray(base[::2, ::2])
            halved += 1
        first = FIRST


def _levels(base: Tensor, first: float) -> list[Tensor]:
    levels = [base]
    for k in range(1, PER_OCTAVE + 3):
        before, now = (first * 2 ** (j / PER_OCTAVE) for j in (k - 1, k))
        levels.append(blurred(levels[-1], float(np.sqrt(now**2 - before**2))))
    return levels


def _extrema(levels: list[Tensor]) -> tuple[Tensor, Tensor]:
    """N × 3 places (x, y, level; fractions of a step by parabolas) and their signed strengths."""
    height, width = levels[0].shape
    rim = min(_RIM, (min(height, width) - 1) // 2)
    room = np.empty((len(levels) - 1, _ROWS + 2, width), np.float32)
    spots, strength = [], []
    for top in range(rim, height - rim, _ROWS):
        rows = min(_ROWS, height - rim - top)
        strip = room[:, : rows + 2]
        for out, (lower, upper) in zip(strip, pairwise(levels), strict=True):
            taken = slice(top - 1, top + rows + 1)
            np.subtract(upper[taken], lower[taken], out=out)
        found, value = _of_strip(np.ascontiguousarray(strip), rim)
        found[:, 1] += top - 1
        spots.append(found)
        strength.append(value)
    return np.concatenate(spots), np.concatenate(strength)


def _of_strip(stack: Tensor, rim: int) -> tuple[Tensor, Tensor]:
    """The extrema of differences (levels × rows × columns), none in the first and last of each."""
    middle = stack[1:-1, 1:-1, rim:-rim]
    flat = np.flatnonzero((middle > _CONTRAST) | (middle < -_CONTRAST))
    level, row, column = (
        at + start
        for at, start in zip(np.unravel_index(flat, middle.shape), (1, 1, rim), strict=True)
    )
    across, area = stack.shape[2], stack.shape[1] * stack.shape[2]
    values = stack.reshape(-1)
    at = level * area + row * across + column
    value = values[at]
    for dl, dy, dx in _AROUND:
        near = values[at + (dl * area + dy * across + dx)]
        best = np.where(value > 0, near < value, near > value)
        at, value = at[best], value[best]

    def step(dl: int, dy: int, dx: int) -> Tensor:
        return np.asarray(values[at + (dl * area + dy * across + dx)], np.float32)

    xx = step(0, 0, 1) + step(0, 0, -1) - 2 * value
    yy = step(0, 1, 0) + step(0, -1, 0) - 2 * value
    corners = step(0, 1, 1) + step(0, -1, -1) - step(0, -1, 1) - step(0, 1, -1)
    determinant = xx * yy - (corners / 4) ** 2
    good = (determinant > 0) & ((xx + yy) ** 2 * _EDGE < (_EDGE + 1) ** 2 * determinant)
    at, value = at[good], value[good]
    level, rest = np.divmod(at, area)
    row, column = np.divmod(rest, across)
    moves = []
    for one in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
        up, down = step(*one), step(*(-v for v in one))
        bend = up + down - 2 * value
        moves.append(np.clip((down - up) / (2 * np.where(bend == 0, 1, bend)), -0.5, 0.5))
    spots = np.column_stack([column + moves[0], row + moves[1], level + moves[2]])
    return spots.astype(np.float32), -value


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
