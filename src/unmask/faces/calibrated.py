"""Points of a face along time, without the trembling of a point finder.

Sun et al. 2021, "Improving the Efficiency and Robustness of Deepfakes Detection through Precise
Geometric Features", section 3.2, as its authors' program of 2024 does it: points are found in every
picture and followed from one to the next; a Kalman filter weighs both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.faces.flow import followed, pyramid
from unmask.types import Pixels

SIDE = 400
"""Side of the square about the face in which points are followed."""
_MARGIN = 1.2
_STILL = 1.42
"""Pixels that the middle of the face may move without the square following it."""
_AWAY, _SMALLER, _LARGER = 0.5, 0.7, 1.3
_LOST = 2.0
"""A point that is followed there and back and misses its start by more counts as lost."""
_GROWTH = 0.3
_Points = NDArray[np.float64]


def calibrated(pictures: Sequence[Pixels], found: Sequence[_Points]) -> NDArray[np.float32]:
    """T × 2N: points about the middle of the face, ±1 at the rim of its square.

    ``found``: N × 2 points of each of the T pictures, in pixels.
    """
    shapes = _of_one_face([np.trunc(points) for points in found])
    squares = _squares(shapes, pictures[0].shape[1], pictures[0].shape[0])
    seen = [
        np.rint((points - square[:2]) * (SIDE / square[2]))
        for points, square in zip(shapes, squares, strict=True)
    ]
    tracked = [seen[0]]
    trust = np.zeros(len(seen[0]))
    before = pyramid(_cut(pictures[0], squares[0]))
    for index in range(1, len(seen)):
        after = pyramid(_cut(pictures[index], squares[index]))
        start, aim = (np.asarray(x, np.float32) for x in (tracked[-1], seen[index]))
        forth, reached = followed(before, after, start, aim)
        back, returned = followed(after, before, forth, start)
        forth, back = np.rint(forth), np.rint(back)
        kept = reached & returned & (np.linalg.norm(back - tracked[-1], axis=1) <= _LOST)
        moved = np.linalg.norm(seen[index] - seen[index - 1], axis=1)
        flown = np.linalg.norm(forth - tracked[-1], axis=1)
        doubt = moved / np.where(flown == 0, 1, flown)
        trust = np.where(kept, trust + _GROWTH, trust)
        gain = trust / np.where(trust + doubt == 0, 1, trust + doubt)
        merged = np.trunc(forth + gain[:, None] * (seen[index] - forth))
        trust = np.where(kept, (1 - gain) * trust, trust)
        tracked.append(np.where(kept[:, None], merged, seen[index]))
        before = after
    middle = SIDE // 2
    return np.stack([(points - middle).ravel() / middle for points in tracked]).astype(np.float32)


def _size(points: _Points) -> float:
    return float(np.ptp(points, axis=0).max())


def _of_one_face(shapes: list[_Points]) -> list[_Points]:
    """Points that jump away or change their size at once are those of before: of another face."""
    kept = [shapes[0]]
    for points in shapes[1:]:
        last = kept[-1]
        away = float(np.linalg.norm(points.mean(0) - last.mean(0)))
        size, before = _size(points), _size(last)
        jumped = away > _AWAY * before or not _SMALLER * before <= size <= _LARGER * before
        kept.append(last if jumped else points)
    return kept


def _squares(shapes: list[_Points], width: int, height: int) -> list[NDArray[np.float64]]:
    """Left, top and side of the square about each face: one size, and it moves but when it must."""
    sizes = [_size(points) for points in shapes[:-1]] or [_size(shapes[0])]
    wanted = int(np.rint(np.mean(sizes)) * _MARGIN) // 2 * 2
    squares: list[NDArray[np.float64]] = []
    middle: NDArray[np.float64] | None = None
    for points in shapes:
        here = (points.min(0) + points.max(0)) // 2
        if middle is None or float(np.linalg.norm(middle - here)) >= _STILL:
            middle = here
        left, top = np.maximum(middle - wanted // 2, 0)
        side = max(2.0, min(wanted, width - left, height - top))
        squares.append(np.array([left, top, side]))
    return squares


def _cut(pixels: Pixels, square: NDArray[np.float64]) -> Pixels:
    left, top, side = (int(value) for value in square)
    picture = Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
    how = Image.Resampling.BICUBIC if side < SIDE else Image.Resampling.BOX
    return np.asarray(picture.resize((SIDE, SIDE), how))
