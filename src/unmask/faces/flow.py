"""Where points of one picture went in the next: Lucas and Kanade 1981, in a pyramid (Bouguet 2000).

Numbers are those of the usual settings of this field: windows of 15 × 15 pixels, four levels, at
most ten steps.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

Floats = NDArray[np.float32]
_HALF, _LEVELS, _STEPS = 7, 4, 10
_NEAR, _BACK = 0.03, 0.01
"""A shorter step ends the search; so does one that undoes the last but for this much."""
_TEXTURE = 1e-4 * 1024
"""Least change of colour within a window, below which a point cannot be followed."""
_RIM = 2 * _HALF + 4


class Level:
    """One size of a picture, with a mirrored rim, and how its colours change along x and y."""

    def __init__(self, picture: Floats) -> None:
        self.picture = picture

    @cached_property
    def slopes(self) -> tuple[Floats, Floats]:
        """By Scharr's filter; worked out once, though each picture is looked at twice."""
        return _slopes(self.picture)


def pyramid(pixels: Pixels) -> list[Level]:
    """A picture (H × W × 3) and three that are half as large each."""
    levels = [pixels.astype(np.float32)]
    for _ in range(_LEVELS - 1):
        levels.append(_halved(levels[-1]))
    rim = ((_RIM, _RIM), (_RIM, _RIM), (0, 0))
    return [Level(np.pad(one, rim, mode="reflect")) for one in levels if min(one.shape[:2]) > _RIM]


def followed(
    before: list[Level], after: list[Level], points: Floats, guess: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where ``points`` (N × 2: x, y) of one picture lie in another, beginning at ``guess``.

    Pictures as ``pyramid`` gives them. The second value says which were found.
    """
    top = len(before) - 1
    now = guess.astype(np.float64) / 2**top
    found = np.ones(len(points), bool)
    for level in range(top, -1, -1):
        now, found = _refined(
            before[level], after[level], points.astype(np.float64) / 2**level, now
        )
        if level:
            now = now * 2
    return now.astype(np.float32), found


def _refined(
    first: Level, second: Level, points: NDArray[np.float64], now: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One level: windows shifted until they are alike."""
    before, after = first.picture, second.picture
    inside = _inside(before, points)
    held = np.where(inside[:, None], points, 0.0)
    there = _windows(before, held)
    slope_x, slope_y = (_windows(part, held) for part in first.slopes)
    xx, xy, yy = (
        np.einsum("nijc,nijc->n", a, b)
        for a, b in ((slope_x, slope_x), (slope_x, slope_y), (slope_y, slope_y))
    )
    least = (xx + yy - np.sqrt((xx - yy) ** 2 + 4 * xy**2)) / (2 * (2 * _HALF + 1) ** 2)
    determinant = xx * yy - xy**2
    found = inside & (least >= _TEXTURE) & (determinant > 1e-9)
    active, last = found.copy(), np.zeros_like(now)
    now = now.copy()
    for number in range(_STEPS):
        gone = active & ~_inside(after, now)
        found, active = found & ~gone, active & ~gone
        chosen = np.flatnonzero(active)
        if not len(chosen):
            break
        apart = _windows(after, now[chosen]) - there[chosen]
        x, y = (np.einsum("nijc,nijc->n", apart, part[chosen]) for part in (slope_x, slope_y))
        a, b, c, d = xx[chosen], xy[chosen], yy[chosen], determinant[chosen]
        step = np.stack([(b * y - c * x) / d, (b * x - a * y) / d], 1)
        now[chosen] += step
        undone = (np.abs(step + last[chosen]) < _BACK).all(1) & (number > 0)
        now[chosen[undone]] -= step[undone] / 2
        active[chosen[undone | ((step**2).sum(1) <= _NEAR**2)]] = False
        last[chosen] = step
    return now, found


def _inside(picture: Floats, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a window about a point touches the picture within its rim."""
    height, width = (side - 2 * _RIM for side in picture.shape[:2])
    corner = np.floor(points - _HALF)
    low, high = -(2 * _HALF + 1), np.array([width, height])
    return np.asarray(((corner >= low) & (corner < high)).all(1), np.bool_)


def _windows(picture: Floats, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Windows (N × 15 × 15 × 3) about points, between the pixels by straight lines."""
    corner = points - _HALF + _RIM
    whole = np.floor(corner).astype(np.int64)
    share = corner - whole
    reach = np.arange(2 * _HALF + 1)
    height, width = picture.shape[:2]

    def at(x: int, y: int) -> NDArray[np.float64]:
        rows = np.clip(whole[:, 1, None] + reach + y, 0, height - 1)
        columns = np.clip(whole[:, 0, None] + reach + x, 0, width - 1)
        weight_x = share[:, 0] if x else 1 - share[:, 0]
        weight_y = share[:, 1] if y else 1 - share[:, 1]
        weight = (weight_x * weight_y)[:, None, None, None]
        part: NDArray[np.float64] = picture[rows[:, :, None], columns[:, None, :]] * weight
        return part

    return at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)


def _slopes(picture: Floats) -> tuple[Floats, Floats]:
    """Changes of colour along x and y by Scharr's filter, with a flat rim."""
    wide = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    down = (3 * wide[:-2] + 10 * wide[1:-1] + 3 * wide[2:]) / 16
    along = (3 * wide[:, :-2] + 10 * wide[:, 1:-1] + 3 * wide[:, 2:]) / 16
    across, below = (down[:, 2:] - down[:, :-2]) / 2, (along[2:] - along[:-2]) / 2
    return np.asarray(across, np.float32), np.asarray(below, np.float32)


def _halved(picture: Floats) -> Floats:
    """Blurred by the binomial of five and every second pixel kept, rounded to whole levels."""
    weights = np.array([1, 4, 6, 4, 1], np.float32) / 16
    for axis in (0, 1):
        rim = [(0, 0)] * 3
        rim[axis] = (2, 2)
        wide, length = np.pad(picture, rim, mode="reflect"), picture.shape[axis]
        parts = [
            weight * wide.take(np.arange(place, place + length, 2), axis)
            for place, weight in enumerate(weights)
        ]
        picture = np.sum(parts, 0, dtype=np.float32)
    return np.rint(picture)
