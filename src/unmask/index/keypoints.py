"""Marks in a picture that are found again after cropping, scaling, mirroring and framing.

Marks are extrema of differences of Gaussians over place and scale (Lowe 2004, "Distinctive image
features from scale-invariant keypoints", section 3). Each is described by the signs of low cosine
coefficients of the patch around it, so that a description is 64 bits, as in binary descriptors
(Calonder et al. 2010, BRIEF), and a mirrored picture's follow from the same coefficients. Turned
pictures are not looked for in this way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unmask.index.hashes import Words
from unmask.media.blur import blurred
from unmask.types import Tensor

_PER_OCTAVE = 3
_FIRST = 1.6
_BLUR = 0.6
"""Blur that a scaled-down picture is taken to have."""
_PATCH, _REACH = 16, 6.0
_LEAST_SIDE = 24
_CONTRAST, _EDGE = 1.2, 12.0
_GRID = 6
_ORDER = 9
_AROUND = sorted(
    ((dl, dy, dx) for dl in (-1, 0, 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dl or dy or dx),
    key=lambda step: sum(map(abs, step)),
)


@dataclass(frozen=True, slots=True)
class Points:
    """Marks of one picture: ``places`` N × 3 (x, y, scale in pixels) and N × 64 coefficients."""

    places: Tensor
    coefficients: Tensor

    def mirrored(self, width: int) -> Points:
        """The marks of the mirrored picture, ``width`` pixels wide."""
        places = self.places.copy()
        places[:, 0] = width - 1 - places[:, 0]
        signs = np.where(_zigzag()[:, 1] % 2 == 1, -1.0, 1.0).astype(np.float32)
        return Points(places, self.coefficients * signs)

    def bits(self) -> Words:
        """One word a mark."""
        return np.packbits(self.coefficients > 0, axis=1).view(np.uint64).reshape(-1)


@lru_cache(maxsize=1)
def _zigzag() -> NDArray[np.int_]:
    """The 64 lowest (row, column) frequencies but the mean."""
    pairs = [
        (i + j, max(i, j), i, j) for i in range(_ORDER + 2) for j in range(_ORDER + 2) if i + j
    ]
    return np.array([(i, j) for _, _, i, j in sorted(pairs)[:64]])


@lru_cache(maxsize=1)
def _basis() -> Tensor:
    """64 × 256: the cosine products over a patch."""
    n = np.arange(_PATCH)
    waves = [np.cos(np.pi * k * (2 * n + 1) / (2 * _PATCH)) for k in range(_ORDER + 2)]
    return np.array([np.outer(waves[i], waves[j]).reshape(-1) for i, j in _zigzag()], np.float32)


def find_points(grey: Tensor, most: int) -> Points:
    """Up to ``most`` marks of a height × width picture (0…255), spread over it."""
    found: list[Tensor] = []
    strengths: list[Tensor] = []
    described: list[Tensor] = []
    base = blurred(grey, float(np.sqrt(_FIRST**2 - _BLUR**2)))
    octave = 0
    while min(base.shape) >= _LEAST_SIDE:
        levels = _levels(base)
        places, strength = _extrema(levels)
        if len(places):
            described.append(_described(levels, places))
            scale = _FIRST * 2 ** (places[:, 2] / _PER_OCTAVE)
            xy = places[:, :2] * 2**octave + (2**octave - 1) / 2
            found.append(np.column_stack([xy, scale * 2**octave]).astype(np.float32))
            strengths.append(strength)
        base = levels[_PER_OCTAVE][::2, ::2]
        octave += 1
    if not found:
        return Points(np.zeros((0, 3), np.float32), np.zeros((0, 64), np.float32))
    places, strength = np.concatenate(found), np.concatenate(strengths)
    kept = _spread(places, strength, grey.shape, most)
    return Points(places[kept], np.concatenate(described)[kept])


def _levels(base: Tensor) -> list[Tensor]:
    levels = [base]
    for k in range(1, _PER_OCTAVE + 3):
        before, now = (_FIRST * 2 ** (j / _PER_OCTAVE) for j in (k - 1, k))
        levels.append(blurred(levels[-1], float(np.sqrt(now**2 - before**2))))
    return levels


def _extrema(levels: list[Tensor]) -> tuple[Tensor, Tensor]:
    """N × 3 places (x, y, level; fractions of a step by parabolas) and their strengths."""
    stack = np.stack([b - a for a, b in pairwise(levels)])
    middle = stack[1:-1, 1:-1, 1:-1]
    size = np.abs(middle)
    candidates = size > _CONTRAST
    level, row, column = (index + 1 for index in np.nonzero(candidates))
    value = stack[level, row, column]
    for dl, dy, dx in _AROUND:
        near = stack[level + dl, row + dy, column + dx]
        best = np.where(value > 0, near < value, near > value)
        level, row, column, value = level[best], row[best], column[best], value[best]
    xx = stack[level, row, column + 1] + stack[level, row, column - 1] - 2 * value
    yy = stack[level, row + 1, column] + stack[level, row - 1, column] - 2 * value
    corners = stack[level, row + 1, column + 1] + stack[level, row - 1, column - 1]
    corners = corners - stack[level, row + 1, column - 1] - stack[level, row - 1, column + 1]
    determinant = xx * yy - (corners / 4) ** 2
    good = (determinant > 0) & ((xx + yy) ** 2 * _EDGE < (_EDGE + 1) ** 2 * determinant)
    level, row, column = level[good], row[good], column[good]
    shifts = []
    for dl, dy, dx in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
        up = stack[level + dl, row + dy, column + dx]
        down = stack[level - dl, row - dy, column - dx]
        bend = up + down - 2 * stack[level, row, column]
        shifts.append(np.clip((down - up) / (2 * np.where(bend == 0, 1, bend)), -0.5, 0.5))
    places = np.column_stack([column + shifts[0], row + shifts[1], level + shifts[2]])
    return places.astype(np.float32), np.abs(value[good])


def _described(levels: list[Tensor], places: Tensor) -> Tensor:
    """N × 64 coefficients of the patches around places of one octave."""
    out = np.empty((len(places), 64), np.float32)
    offsets = ((np.arange(_PATCH) + 0.5) / _PATCH * 2 - 1).astype(np.float32) * _REACH
    nearest = np.clip(np.rint(places[:, 2]).astype(int), 0, len(levels) - 1)
    for index in np.unique(nearest):
        chosen = nearest == index
        x, y, level = places[chosen].T
        scale = _FIRST * 2 ** (level / _PER_OCTAVE)
        columns = x[:, None] + offsets[None] * scale[:, None]
        rows = y[:, None] + offsets[None] * scale[:, None]
        patches = _sampled(levels[index], rows, columns)
        out[chosen] = patches.reshape(len(patches), -1) @ _basis().T
    return out


def _sampled(grey: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """N × P × P values between pixels, of N grids of P rows and P columns."""
    height, width = grey.shape
    rows, columns = np.clip(rows, 0, height - 1.001), np.clip(columns, 0, width - 1.001)
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, :, None], (columns - left)[:, None, :]
    t, le = top[:, :, None], left[:, None, :]
    upper = grey[t, le] * (1 - right) + grey[t, le + 1] * right
    lower = grey[t + 1, le] * (1 - right) + grey[t + 1, le + 1] * right
    mixed: Tensor = upper * (1 - down) + lower * down
    return mixed


def _spread(
    places: Tensor, strength: Tensor, shape: tuple[int, ...], most: int
) -> NDArray[np.int_]:
    """The strongest marks, taken in turns from the cells of a grid, so that all parts have some."""
    height, width = shape
    cell = (places[:, 1] * _GRID / height).astype(int) * _GRID
    cell = cell + (places[:, 0] * _GRID / width).astype(int)
    order = np.argsort(-strength, kind="stable")
    seen = np.zeros(cell.max() + 1, int)
    turn = np.empty(len(order), int)
    for index in order:
        turn[index] = seen[cell[index]]
        seen[cell[index]] += 1
    return np.lexsort((-strength, turn))[:most]
