"""From pixels to the numbers that the method "dwtDct" writes its bits into.

The encoder of the package invisible-watermark (ShieldMnt, ``maxDct.py``) takes the U channel of
YUV, halves it by one level of the Haar wavelet and cuts the low band into blocks of 4 × 4. Despite
its name it applies no cosine transform: one coefficient of each block is moved to a quarter (bit 0)
or three quarters (bit 1) of a step of 36. Bits follow each other block after block, row by row,
and start again when the message is at its end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unmask.media.luma import WEIGHTS
from unmask.types import Pixels
from unmask.watermarks.marks import Order

SIDE = 8
"""Pixels of the side of a block: 4 coefficients of a halved picture."""
LARGEST = 1 << 22
"""Pixels read of one picture; of a larger one, rows of blocks spread evenly over its height."""
_AT_ONCE = 1 << 19
_RED, _GREEN, _BLUE = WEIGHTS
_U = 0.492

Values = NDArray[np.float32]


def bands(pixels: Pixels) -> Iterator[tuple[NDArray[np.int64], Values]]:
    """The low band of the three channels, some rows of blocks at a time.

    Gives the numbers of the blocks and the band they lie in: rows × 4 × (width / 2) × 3. Pixels
    beyond the last whole block are left out, as the encoder leaves them.
    """
    height, width = (side // SIDE for side in pixels.shape[:2])
    if not height or not width:
        return
    whole = pixels[: height * SIDE, : width * SIDE].reshape(height, SIDE, width * SIDE, 3)
    room = max(1, LARGEST // (SIDE * SIDE * width))
    chosen = np.arange(height) if height <= room else np.linspace(0, height - 1, room).astype(int)
    step = max(1, _AT_ONCE // (SIDE * SIDE * width))
    for start in range(0, len(chosen), step):
        some = chosen[start : start + step]
        part = whole[some].astype(np.uint16)
        band = part[:, 0::2] + part[:, 1::2]
        low = (band[:, :, 0::2] + band[:, :, 1::2]).astype(np.float32) * np.float32(0.5)
        numbers: NDArray[np.int64] = (some[:, None] * width + np.arange(width)).ravel()
        yield numbers, low


def coefficients(low: Values, order: Order) -> Values:
    """Blocks × 15: the chroma coefficients of a band, each block's first left out.

    They are centred on zero; the encoder's own numbers lie a constant higher.
    """
    blue, red = (2, 0) if order == "bgr" else (0, 2)
    light = _RED * low[..., red] + _GREEN * low[..., 1] + _BLUE * low[..., blue]
    chroma = _U * (low[..., blue] - light)
    rows, count = len(chroma), chroma.shape[2] // 4
    cut: Values = chroma.reshape(rows, 4, count, 4).transpose(0, 2, 1, 3).reshape(-1, 16)
    return cut[:, 1:]
