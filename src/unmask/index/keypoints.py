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

import numpy as np
from numpy.typing import NDArray

from unmask.index.hashes import Words
from unmask.media.blur import blurred
from unmask.media.scale_space import FIRST, PER_OCTAVE, extrema, levels_of
from unmask.types import Tensor

_BLUR = 0.6
"""Blur that a scaled-down picture is taken to have."""
_PATCH, _REACH = 16, 6.0
_LEAST_SIDE = 24
_CONTRAST, _EDGE = 1.2, 12.0
_GRID = 6
_ORDER = 9


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
    base = blurred(grey, float(np.sqrt(FIRST**2 - _BLUR**2)))
    octave = 0
    while min(base.shape) >= _LEAST_SIDE:
        levels = levels_of(base)
        # In one strip: places then come by level, row and column, and an index stays what it was.
        places, strength = extrema(levels, _CONTRAST, _EDGE, rim=1, rows=max(base.shape))
        if len(places):
            described.append(_described(levels, places))
            scale = FIRST * 2 ** (places[:, 2] / PER_OCTAVE)
            xy = places[:, :2] * 2**octave + (2**octave - 1) / 2
            found.append(np.column_stack([xy, scale * 2**octave]).astype(np.float32))
            strengths.append(np.abs(strength))
        base = levels[PER_OCTAVE][::2, ::2]
        octave += 1
    if not found:
        return Points(np.zeros((0, 3), np.float32), np.zeros((0, 64), np.float32))
    places, strength = np.concatenate(found), np.concatenate(strengths)
    kept = _spread(places, strength, grey.shape, most)
    return Points(places[kept], np.concatenate(described)[kept])


def _described(levels: list[Tensor], places: Tensor) -> Tensor:
    """N × 64 coefficients of the patches around places of one octave."""
    out = np.empty((len(places), 64), np.float32)
    offsets = ((np.arange(_PATCH) + 0.5) / _PATCH * 2 - 1).astype(np.float32) * _REACH
    nearest = np.clip(np.rint(places[:, 2]).astype(int), 0, len(levels) - 1)
    for index in np.unique(nearest):
        chosen = nearest == index
        x, y, level = places[chosen].T
        scale = FIRST * 2 ** (level / PER_OCTAVE)
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
