"""The part of a picture that a network sees, and how it gets its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.faces.crop import window
from unmask.types import Box, Pixels

Change = Callable[[Pixels], Pixels]
"""What training does to a picture before it is scaled; it keeps size and geometry."""
_FINEST = 2.0
"""A picture is changed at no more than so many times the pixels that the network sees."""


@dataclass(frozen=True, slots=True)
class View:
    """The part of a picture that a network sees and the size it gets.

    ``region`` may reach over the picture: its rim goes on there. With ``black`` it begins with the
    picture and there is nothing beyond. ``width`` and ``height`` are those that the network gets.
    ``whole``: width and height that the region gets before the middle of it is cut, from ``left``
    and ``top`` on. ``filter``: that of the card.
    """

    region: Box
    width: int
    height: int
    black: bool = False
    filter: str = ""
    whole: tuple[int, int] | None = None
    left: int = 0
    top: int = 0

    @property
    def seen(self) -> Box:
        """The part of the picture that reaches the network."""
        if self.whole is None:
            return self.region
        x, y = self.region.width / self.whole[0], self.region.height / self.whole[1]
        return Box(
            self.region.x + self.left * x,
            self.region.y + self.top * y,
            self.width * x,
            self.height * y,
        )

    def take(self, pixels: Pixels, change: Change | None = None) -> Pixels:
        """The view, height × width × 3; scaled with a filter, not at all where sizes agree."""
        if self.black:
            return self._at_top_left(pixels, change)
        cut, region = self._cut(pixels)
        if change is not None:
            width, height = self.whole or (self.width, self.height)
            cut, region = _reduced(cut, region, _FINEST * width, _FINEST * height)
            cut = change(cut)
        return np.asarray(self._scaled(Image.fromarray(np.ascontiguousarray(cut)), region))

    def _at_top_left(self, pixels: Pixels, change: Change | None) -> Pixels:
        height, width = pixels.shape[:2]
        share = self.width / self.region.width
        columns, rows = max(1, round(width * share)), max(1, round(height * share))
        shown = np.zeros((self.height, self.width, 3), np.uint8)
        whole = View(Box(0, 0, width, height), columns, rows, filter=self.filter)
        shown[:rows, :columns] = whole.take(pixels, change)
        return shown

    def mask(self, values: Pixels) -> NDArray[np.float32]:
        """A mask of the picture (rows × columns, white = forged) seen like this, 0 or 1."""
        bordered = np.pad(values, 1)  # nothing is forged beyond the picture
        region = Box(self.region.x + 1, self.region.y + 1, self.region.width, self.region.height)
        cut, left, top = window(bordered, region)
        region = Box(region.x - left, region.y - top, region.width, region.height)
        scaled = self._scaled(Image.fromarray(np.ascontiguousarray(cut)), region)
        return (np.asarray(scaled) > 127).astype(np.float32)

    def target(self, box: Sequence[float]) -> NDArray[np.float32]:
        """A box of the picture (left, top, width, height) as cx, cy, w, h in shares of the view."""
        left, top, width, height = box
        seen = self.seen
        x = (left + width / 2 - seen.x) / seen.width
        y = (top + height / 2 - seen.y) / seen.height
        shares = (x, y, width / seen.width, height / seen.height)
        return np.clip(np.array(shares, np.float32), 0, 1)

    def _cut(self, pixels: Pixels) -> tuple[Pixels, Box]:
        """The pixels under the region, and the region in them."""
        cut, left, top = window(pixels, self.region)
        region = Box(
            self.region.x - left, self.region.y - top, self.region.width, self.region.height
        )
        return cut, region

    def _scaled(self, picture: Image.Image, region: Box) -> Image.Image:
        size = self.whole or (self.width, self.height)
        if picture.size == size and region == Box(0, 0, *size):
            return self._middle(picture)
        edges = (
            region.x,
            region.y,
            min(region.x + region.width, picture.width),
            min(region.y + region.height, picture.height),
        )
        if self.filter:
            how = Image.Resampling[self.filter.upper()]
            return self._middle(picture.resize(size, how, box=edges))
        return self._middle(
            picture.resize(size, Image.Resampling.BILINEAR, box=edges, reducing_gap=3.0)
        )

    def _middle(self, picture: Image.Image) -> Image.Image:
        if self.whole is None:
            return picture
        right, bottom = self.left + self.width, self.top + self.height
        return picture.crop((self.left, self.top, right, bottom))


def _reduced(
    pixels: Pixels, region: Box, most_width: float, most_height: float
) -> tuple[Pixels, Box]:
    scale = max(most_width / region.width, most_height / region.height)
    if scale >= 1:
        return pixels, region
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    x, y = size[0] / width, size[1] / height
    return small, Box(region.x * x, region.y * y, region.width * x, region.height * y)
