"""Keypoints of a picture: extrema of differences of Gaussians over place and scale.

Lowe 2004, "Distinctive image features from scale-invariant keypoints", sections 3 and 4.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from unmask.media.blur import blurred
from unmask.types import Tensor

PER_OCTAVE = 3
"""Levels in which the blur doubles."""
FIRST = 1.6
"""Blur in pixels of the first level of an octave."""
_ROWS = 64
"""Rows looked at at a time: so few stay in the processor's cache."""
_AROUND = sorted(
    ((dl, dy, dx) for dl in (-1, 0, 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dl or dy or dx),
    key=lambda step: sum(map(abs, step)),
)


def levels_of(base: Tensor, first: float = FIRST) -> list[Tensor]:
    """An octave: ``base``, which is blurred by ``first`` pixels, and its levels of rising blur."""
    levels = [base]
    for k in range(1, PER_OCTAVE + 3):
        before, now = (first * 2 ** (j / PER_OCTAVE) for j in (k - 1, k))
        levels.append(blurred(levels[-1], float(np.sqrt(now**2 - before**2))))
    return levels


def extrema(
    levels: list[Tensor], contrast: float, edge: float, rim: int, rows: int = _ROWS
) -> tuple[Tensor, Tensor]:
    """N × 3 places (x, y, level; fractions of a step by parabolas) and their strengths.

    ``contrast``: grey levels from which on an extremum counts; ``edge``: how many times longer than
    wide it may be; none lies within ``rim`` pixels of the border. A strength is positive where the
    spot is brighter than what lies around it. ``rows``: how many are looked at at a time; places
    come strip by strip, and inside a strip by level, row and column.
    """
    height, width = levels[0].shape
    rim = min(rim, (min(height, width) - 1) // 2)
    room = np.empty((len(levels) - 1, min(rows, height) + 2, width), np.float32)
    spots, strength = [], []
    for top in range(rim, height - rim, rows):
        count = min(rows, height - rim - top)
        strip = room[:, : count + 2]
        for out, (lower, upper) in zip(strip, pairwise(levels), strict=True):
            taken = slice(top - 1, top + count + 1)
            np.subtract(upper[taken], lower[taken], out=out)
        found, value = _of_strip(np.ascontiguousarray(strip), contrast, edge, rim)
        found[:, 1] += top - 1
        spots.append(found)
        strength.append(value)
    return np.concatenate(spots), np.concatenate(strength)


def _of_strip(stack: Tensor, contrast: float, edge: float, rim: int) -> tuple[Tensor, Tensor]:
    """The extrema of differences (levels × rows × columns), none in the first and last of each."""
    middle = stack[1:-1, 1:-1, rim:-rim]
    flat = np.flatnonzero((middle > contrast) | (middle < -contrast))
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
    good = (determinant > 0) & ((xx + yy) ** 2 * edge < (edge + 1) ** 2 * determinant)
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
