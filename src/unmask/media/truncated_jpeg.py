"""JPEG files that end early but properly: their decoder fills the rest with grey and says nothing.

libjpeg gives blocks without data the colour (128, 128, 128). Data rarely end at the edge of the
picture, so the fill begins inside a row of blocks: above it there is none, below it everything
is grey, and in between lies one band whose right part is grey. That shape is looked for; a grey
panel beside a caption has it too, so ``jpeg_end`` is asked whether data are missing.
"""

from __future__ import annotations

import numpy as np

from unmask.types import Pixels

_FILL = 128
_BLOCK, _TALLEST = 8, 32


def rows_missing(pixels: Pixels) -> int:
    """How many rows at the bottom of a decoded JPEG hold fill; 0 for a complete picture.

    ``pixels`` are as stored, before any turn. A file cut exactly at the start of a row of blocks
    cannot be told from one with a grey bar, and counts as complete.
    """
    height, width = pixels.shape[:2]
    if width < 2 * _BLOCK or not _is_fill(pixels[-1, -_BLOCK:]).all():
        return 0
    runs = np.zeros(height, np.int64)  # grey pixels at the right end of each row
    row = height - 1
    while row >= 0:
        fill = _is_fill(pixels[row])
        runs[row] = width if fill.all() else int(np.argmin(fill[::-1]))
        if runs[row] < _BLOCK // 2:
            break
        row -= 1
    runs = runs[row + 1 :]
    band = runs[runs < width]
    if not _BLOCK - 2 <= len(band) <= _TALLEST or (runs[: len(band)] == width).any():
        return 0
    return len(runs) if np.ptp(np.sort(band)[1:-1]) <= 2 else 0


def _is_fill(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray((pixels == _FILL).all(axis=-1), dtype=np.bool_)
