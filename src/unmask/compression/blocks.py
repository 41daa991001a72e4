"""The 8 × 8 blocks of a picture as a JPEG encoder sees them: as DCT coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
"""Luma, height × width, 0…255."""
SIDE = 8
ORDERS = 5
"""Horizontal and vertical frequencies below this number are looked at."""
FREQUENCIES = tuple(
    (down, across)
    for down in range(ORDERS)
    for across in range(ORDERS)
    if 0 < down + across < ORDERS
)
"""The AC coefficients that are looked at, as (row, column) of the block: the lowest fourteen."""
MOST_BLOCKS = 1 << 16
"""Blocks of one picture that are looked at; of a larger one every second, third … in each way."""
_FEW = 6
"""Clipped pixels that a usable block may have: decoding has thrown something away there."""


def _basis() -> NDArray[np.float32]:
    """Rows of the orthonormal DCT-II of eight samples, the lowest orders."""
    order, at = np.arange(ORDERS)[:, None], np.arange(SIDE)[None]
    rows = np.cos((2 * at + 1) * order * np.pi / (2 * SIDE)) / 2
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


_BASIS = _basis()


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is known of each block of a picture, rows × columns of blocks.

    ``coefficients``: DCT values (rows × columns × frequencies), in grey levels. ``shifted``: the
    same of blocks that begin four pixels further right and down; quantisation on the grid leaves
    them nearly alone, so they show what was there before (Bianchi and Piva 2012, section III).
    ``means``: the DC values. ``usable``: no pixel is clipped and the block is not of one colour.
    ``stride``: one block in so many was taken, in each direction. ``origin``: x and y of the first.
    """

    coefficients: NDArray[np.float32]
    shifted: NDArray[np.float32]
    means: NDArray[np.float32]
    usable: NDArray[np.bool_]
    stride: int
    origin: tuple[int, int]


def cut(luma: Plane, colours: NDArray[np.uint8], origin: tuple[int, int] = (0, 0)) -> Blocks | None:
    """The blocks of a picture whose grid begins at ``origin`` (x, y); None if there are none.

    ``colours``: height × width × 3, the same picture; what is clipped there is not usable. The
    last row and column of whole blocks are left out: the shifted block needs the next ones.
    """
    left, top = origin
    rows, columns = (
        (size - start - SIDE // 2) // SIDE
        for size, start in zip(luma.shape, (top, left), strict=True)
    )
    if rows < 1 or columns < 1:
        return None
    stride = max(1, int(np.ceil(np.sqrt(rows * columns / MOST_BLOCKS))))
    here = _tiles(luma, left, top, rows, columns, stride)
    half = SIDE // 2
    beside = _tiles(luma, left + half, top + half, rows, columns, stride)
    shades = _tiles(colours, left, top, rows, columns, stride)
    values = _transform(here)
    return Blocks(
        coefficients=_chosen(values),
        shifted=_chosen(_transform(beside)),
        means=values[:, :, 0, 0],
        usable=_varied(here) & (_lost(shades) <= _FEW),
        stride=stride,
        origin=origin,
    )


def _tiles(
    plane: NDArray[Any], left: int, top: int, rows: int, columns: int, stride: int
) -> NDArray[Any]:
    """Rows of blocks × 8 × columns of blocks × 8 (× colours)."""
    part = plane[top : top + rows * SIDE, left : left + columns * SIDE]
    shape = (rows, SIDE, columns, SIDE, *part.shape[2:])
    return part.reshape(shape)[::stride, :, ::stride]


def _lost(tiles: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many pixels of each block have a colour at its end."""
    ends = (tiles == 0) | (tiles == 255)
    many: NDArray[np.int64] = (ends[..., 0] | ends[..., 1] | ends[..., 2]).sum(axis=(1, 3))
    return many


def _varied(tiles: Plane) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = tiles.max(axis=(1, 3)) > tiles.min(axis=(1, 3))
    return flags


def _transform(tiles: Plane) -> NDArray[np.float32]:
    """Rows × columns × orders down × orders across."""
    rows, _, columns, _ = tiles.shape
    level = tiles.astype(np.float32) - 128
    across = level.reshape(-1, SIDE) @ _BASIS.T
    down = _BASIS @ across.reshape(rows, SIDE, columns * ORDERS)
    return np.ascontiguousarray(down.reshape(rows, ORDERS, columns, ORDERS).transpose(0, 2, 1, 3))


def _chosen(values: NDArray[np.float32]) -> NDArray[np.float32]:
    down, across = (list(order) for order in zip(*FREQUENCIES, strict=True))
    return values[:, :, down, across]
