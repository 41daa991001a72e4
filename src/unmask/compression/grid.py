"""Where the 8 × 8 grid of an earlier JPEG lies in decoded pixels.

On its own grid a decoded JPEG has more DCT coefficients that are nearly zero than anywhere else
(Nikoukhah et al. 2021, "ZERO: a local JPEG grid origin detector based on the number of DCT zeros
and its applications in image forensics", section 2). Here the zeros of spread windows are counted
for each of the 64 places; what was found is then tested by the lattice of its coefficients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.compression.blocks import SIDE

WINDOW, ACROSS = 64, 4
"""Pixels of a window's side, and windows each way."""
_ZERO = 0.5


def _matrix() -> NDArray[np.float32]:
    """64 × 64: the orthonormal two-dimensional DCT-II of flattened blocks."""
    order, at = np.arange(SIDE)[:, None], np.arange(SIDE)[None]
    rows = np.cos((2 * at + 1) * order * np.pi / (2 * SIDE)) / 2
    rows[0] /= np.sqrt(2)
    return np.kron(rows, rows).astype(np.float32)


_MATRIX = _matrix()


def offset(luma: NDArray[Any]) -> tuple[int, int]:
    """The place (x, y) of the grid with the most zeros; height and width are at least 64."""
    zeros = np.zeros((SIDE, SIDE))
    span = min(WINDOW + SIDE - 1, *luma.shape)
    for top in _spread(luma.shape[0], span):
        for left in _spread(luma.shape[1], span):
            part = luma[top : top + span, left : left + span].astype(np.float32)
            counted = _zeros(part)
            zeros += np.roll(counted, (top % SIDE, left % SIDE), (0, 1))
    at = int(np.argmax(zeros))
    return at % SIDE, at // SIDE


def _spread(size: int, span: int) -> list[int]:
    return sorted({int(at) for at in np.linspace(0, size - span, ACROSS)})


def _zeros(part: NDArray[np.float32]) -> NDArray[np.float64]:
    """8 × 8: zeros of all blocks of a window by the place of their grid (row, column)."""
    even = (min(part.shape) - SIDE + 1) // SIDE * SIDE
    views = np.lib.stride_tricks.sliding_window_view(part, (SIDE, SIDE))[:even, :even]
    values = views.reshape(-1, SIDE * SIDE) @ _MATRIX[1:].T
    each = (np.abs(values) < _ZERO).sum(axis=1, dtype=np.float64).reshape(even, even)
    folded: NDArray[np.float64] = each.reshape(even // SIDE, SIDE, even // SIDE, SIDE).sum(
        axis=(0, 2)
    )
    return folded
