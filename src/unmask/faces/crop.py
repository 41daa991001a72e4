"""Cut a square around a face for a network, and lay the network's mask back over the picture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.types import Box, Mask, Pixels


def square(box: Box, margin: float) -> Box:
    """The square with the same centre whose side is ``margin`` × the longer side of the box."""
    side = margin * max(box.width, box.height)
    x = box.x + box.width / 2 - side / 2
    y = box.y + box.height / 2 - side / 2
    return Box(x, y, side, side)


def window(pixels: Pixels, region: Box) -> tuple[Pixels, int, int]:
    """The pixels under a region, grown to whole pixels; beyond the picture its rim goes on.

    Returns the pixels and the column and row of their top left corner.
    """
    height, width = pixels.shape[:2]
    left, top = math.floor(region.x), math.floor(region.y)
    right = max(left + 1, math.ceil(region.x + region.width))
    bottom = max(top + 1, math.ceil(region.y + region.height))
    x, y = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    inside = pixels[y : max(min(bottom, height), y + 1), x : max(min(right, width), x + 1)]
    missing = bottom - top - inside.shape[0], right - left - inside.shape[1]
    if any(missing):
        above, before = min(max(-top, 0), missing[0]), min(max(-left, 0), missing[1])
        rim = [(above, missing[0] - above), (before, missing[1] - before)]
        channels = [(0, 0)] * (pixels.ndim - 2)
        inside = np.pad(inside, rim + channels, mode="edge")
    return inside, left, top


def inner(pixels: Pixels, region: Box) -> tuple[Pixels, Box]:
    """What lies of a region inside the picture, grown to whole pixels, and where."""
    height, width = pixels.shape[:2]
    left, top = max(0, math.floor(region.x)), max(0, math.floor(region.y))
    right = max(left, min(width, math.ceil(region.x + region.width)))
    bottom = max(top, min(height, math.ceil(region.y + region.height)))
    return pixels[top:bottom, left:right], Box(left, top, right - left, bottom - top)


def thinned(pixels: Pixels, region: Box, longest: int) -> tuple[Pixels, Box]:
    """``inner`` to look at: every n-th pixel, so that no side is over ``longest``; a copy."""
    cut, box = inner(pixels, region)
    step = max(1, math.ceil(max(cut.shape[:2]) / longest))
    return np.ascontiguousarray(cut[::step, ::step]), box


def crop(pixels: Pixels, region: Box, size: int) -> Pixels:
    """A region of a picture as ``size`` × ``size`` pixels (filtered when it is scaled down)."""
    cut, left, top = window(pixels, region)
    x, y = region.x - left, region.y - top
    edges = (x, y, min(x + region.width, cut.shape[1]), min(y + region.height, cut.shape[0]))
    picture = Image.fromarray(np.ascontiguousarray(cut))
    scaled = picture.resize((size, size), Image.Resampling.BILINEAR, box=edges, reducing_gap=3.0)
    return np.asarray(scaled)


def lay_back(
    values: NDArray[np.float32],
    region: Box,
    width: int,
    height: int,
    level: float = 0.5,
    time: float | None = None,
) -> Mask | None:
    """A mask over the region of a crop, cut to a picture of ``width`` × ``height`` pixels.

    ``values`` is rows × columns, 0…1. None when the region lies outside the picture.
    """
    left, top = max(region.x, 0.0), max(region.y, 0.0)
    right = min(region.x + region.width, float(width))
    bottom = min(region.y + region.height, float(height))
    if right <= left or bottom <= top:
        return None
    rows, columns = values.shape
    edges = (
        (left - region.x) / region.width * columns,
        (top - region.y) / region.height * rows,
        (right - region.x) / region.width * columns,
        (bottom - region.y) / region.height * rows,
    )
    kept = values.astype(np.float32)
    if edges != (0.0, 0.0, float(columns), float(rows)):
        size = (max(1, round(edges[2] - edges[0])), max(1, round(edges[3] - edges[1])))
        picture = Image.fromarray(kept)
        kept = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=edges), np.float32)
    return Mask(kept, Box(left, top, right - left, bottom - top), level, time)
