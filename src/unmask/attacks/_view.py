"""How a network sees a picture, as matrices, so that gradients reach the picture's own pixels.

Cutting and scaling are linear and treat rows and columns alike, so each is a matrix: what the
scaling of an identity gives. Only the rounding to 8 bits is missing.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from unmask.runtime.view import View
from unmask.types import Box

_GAP = 3.0
"""The shortcut that ``View`` lets Pillow take where the card names no filter."""


class LinearView:
    """A ``View`` of pictures of one size: B × 3 × height × width in, its own size out."""

    def __init__(self, view: View, width: int, height: int) -> None:
        self._size = view.height, view.width
        inner = view
        if view.black:
            share = view.width / view.region.width
            columns, rows = max(1, round(width * share)), max(1, round(height * share))
            inner = View(Box(0, 0, width, height), columns, rows, filter=view.filter)
        whole = inner.whole or (inner.width, inner.height)
        region = inner.region
        across = _matrix(width, region.x, region.width, whole[0], inner.filter)
        down = _matrix(height, region.y, region.height, whole[1], inner.filter)
        self._across = torch.from_numpy(across[inner.left : inner.left + inner.width])
        self._down = torch.from_numpy(down[inner.top : inner.top + inner.height])

    def __call__(self, pictures: Tensor) -> Tensor:
        down, across = self._down.to(pictures), self._across.to(pictures)
        seen = down @ pictures @ across.T
        rows, columns = self._size
        missing = columns - seen.shape[-1], rows - seen.shape[-2]
        return torch.nn.functional.pad(seen, (0, missing[0], 0, missing[1]))


def _matrix(length: int, start: float, extent: float, size: int, name: str) -> NDArray[np.float32]:
    """What scaling does to one axis: size × length."""
    left = math.floor(start)
    right = max(left + 1, math.ceil(start + extent))
    places = np.clip(np.arange(left, right), 0, length - 1)  # the rim goes on
    count = len(places)
    first, last = start - left, min(start - left + extent, count)
    cut = np.eye(count, dtype=np.float32)
    if size != count or (first, last) != (0, count):
        how = Image.Resampling[name.upper()] if name else Image.Resampling.BILINEAR
        gap = None if name else _GAP
        scaled = Image.fromarray(cut).resize(
            (count, size), how, box=(0, first, count, last), reducing_gap=gap
        )
        cut = np.asarray(scaled)
    whole = np.zeros((size, length), np.float32)
    np.add.at(whole.T, places, cut.T)
    return whole
