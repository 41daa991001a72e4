"""Marks over pictures: heat-maps, outlines and embedded images, in coordinates of the original."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.report.json import jpeg_bytes
from unmask.report.pictures import LONGEST
from unmask.types import Box, Mask, Pixels

# Dark violet to pale yellow with even steps of lightness, so that order is seen without hue.
HEAT = ("#2a0a5e", "#55127a", "#82207f", "#ae3276", "#d44a62", "#ee6a47", "#f9933a", "#fbc04a")
_LEVELS = 32
_CONTOUR_CELLS = 96
_HEAT_PIXELS = 384
# Marching squares: corners inside (1 top left, 2 top right, 4 bottom right, 8 bottom left) → pairs
# of crossed sides (0 top, 1 right, 2 bottom, 3 left).
_SIDES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)),
    6: ((0, 2),), 7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)),
    11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """An embedded image (a data URI) and where it lies in the original."""

    uri: str
    box: Box


def jpeg_uri(pixels: Pixels, longest: int = LONGEST, quality: int = 85) -> str:
    """Pixels as a JPEG data URI, no side longer than ``longest``."""
    return _uri("image/jpeg", jpeg_bytes(pixels, longest, quality))


def heat(mask: Mask) -> Placed:
    """A mask as a see-through picture: clear where nothing is suspect, bright where it is."""
    across = _HEAT_PIXELS / max(mask.box.width, mask.box.height, 1e-6)
    shape = (max(1, round(mask.box.height * across)), max(1, round(mask.box.width * across)))
    grid = np.clip(_resized(_filled(mask.values), shape), 0, 1)
    codes = np.rint(grid * (_LEVELS - 1)).astype(np.uint8)
    picture = Image.fromarray(codes, mode="P")
    stops = np.linspace(0, 1, _LEVELS)
    picture.putpalette(b"".join(bytes(_colour(float(stop))) for stop in stops))
    opacity = bytes(round(255 * _opacity(float(stop), mask.level)) for stop in stops)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=opacity, optimize=True)
    return Placed(_uri("image/png", buffer.getvalue()), mask.box)


def outline(mask: Mask) -> str:
    """The edge of the marked region as an SVG path (marching squares), "" when nothing is marked.

    Straight pieces in pixels of the original, by linear interpolation between cell centres.
    """
    grid = _filled(mask.values)
    scale = min(1.0, _CONTOUR_CELLS / max(grid.shape))
    shape = (max(1, round(grid.shape[0] * scale)), max(1, round(grid.shape[1] * scale)))
    grid = np.pad(_resized(grid, shape), 1, constant_values=0.0) - mask.level
    inside = grid >= 0
    codes = (
        inside[:-1, :-1] * 1 + inside[:-1, 1:] * 2 + inside[1:, 1:] * 4 + inside[1:, :-1] * 8
    ).astype(int)
    unit_x, unit_y = mask.box.width / shape[1], mask.box.height / shape[0]
    parts: list[str] = []
    for row, column in zip(*np.nonzero((codes > 0) & (codes < 15)), strict=True):
        corners = grid[row : row + 2, column : column + 2]
        for pair in _SIDES[int(codes[row, column])]:
            ends = []
            for side in pair:
                x, y = _crossing(corners, side)
                left = min(max((float(column) + x - 0.5) * unit_x, 0.0), mask.box.width)
                top = min(max((float(row) + y - 0.5) * unit_y, 0.0), mask.box.height)
                ends.append(f"{mask.box.x + left:.1f} {mask.box.y + top:.1f}")
            parts.append(f"M{ends[0]}L{ends[1]}")
    return "".join(parts)


def _crossing(corners: NDArray[np.float32], side: int) -> tuple[float, float]:
    """Where the level crosses a side of a cell, in units of the cell."""
    (a, b), (d, c) = corners.tolist()
    first, second = ((a, b), (b, c), (d, c), (a, d))[side]
    t = first / (first - second) if first != second else 0.5
    return ((t, 0.0), (1.0, t), (t, 1.0), (0.0, t))[side]


def _filled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(np.nan_to_num(values), 0, 1).astype(np.float32)


def _resized(grid: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    if grid.shape == shape:
        return grid
    picture = Image.fromarray(grid, mode="F")
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR), dtype=np.float32)


def _colour(value: float) -> tuple[int, int, int]:
    """The heat colour of 0…1, linear between the stops of the table."""
    at = min(max(value, 0.0), 1.0) * (len(HEAT) - 1)
    low = min(int(at), len(HEAT) - 2)
    first, second = (np.array(list(bytes.fromhex(HEAT[i][1:]))) for i in (low, low + 1))
    red, green, blue = (first + (second - first) * (at - low)).round().astype(int).tolist()
    return red, green, blue


def _opacity(value: float, level: float) -> float:
    """How opaque a suspicion is drawn: nothing below half the level, then rising to 0.62."""
    start = level / 2
    if value <= start:
        return 0.0
    if value < level:
        return 0.42 * (value - start) / max(level - start, 1e-6)
    return 0.42 + 0.2 * (value - level) / max(1 - level, 1e-6)


def _uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
