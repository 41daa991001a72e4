"""From decoded media to what a network takes, as its card says.

This is the one preparation: training, protocols and scans all go through it. A card's ``Input``
says what is taken (a face, the whole picture, a clip of one face, frames, sound) and the shape it
gets. Everything here is a pure function of decoded media; a part that training draws at random
(which stretch, which corner) is an argument that has evaluation's value as default.

Pictures come out as 8-bit RGB, channels first; ``as_batch`` makes the float array of the card.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.detectors.card import Input
from unmask.errors import ModelError
from unmask.faces.crop import square, window
from unmask.faces.detect import detect
from unmask.faces.track import Tracker
from unmask.types import Box, Face, Pixels, Samples, Tensor

Change = Callable[[Pixels], Pixels]
"""What training does to a picture before it is scaled; it keeps size and geometry."""
MIDDLE = (0.5, 0.5)
_MIDDLE_CUT = "then-centre-crop"
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


def sides(part: Input) -> tuple[int, int] | None:
    """Height and width that the card asks for; None where a picture keeps its own."""
    height, width = part.shape[-2:]
    if isinstance(height, int) and isinstance(width, int):
        return height, width
    return None


def _fixed(part: Input) -> tuple[int, int]:
    size = sides(part)
    if size is None:
        raise ModelError(
            f"The input {part.name!r} has no fixed size ({part.shape}); fit must be 'free'."
        )
    return size


def face_view(part: Input, box: Box) -> View:
    """The square around a face box, ``margin`` times its longer side."""
    region = square(box, part.margin)
    if part.fit.endswith(_MIDDLE_CUT):
        return _middle_view(part, region)
    height, width = _fixed(part)
    return View(region, width, height, filter=part.filter)


def picture_view(
    part: Input, width: int, height: int, at: tuple[float, float] = MIDDLE
) -> View:  # fmt: skip
    """How a whole picture of ``width`` × ``height`` gets the card's size.

    ``stretch``: scaled, whatever its shape. ``crop``: a part of that size, not scaled; ``at`` says
    where, 0…1 across and down; a smaller picture's rim goes on. ``pad``: at the top left with
    nothing beside it, scaled only if it is too large. ``free``: as it is.
    ``…-then-centre-crop``: scaled first, and the middle of that.
    """
    if part.fit == "free":
        return View(Box(0, 0, width, height), width, height)
    if part.fit.endswith(_MIDDLE_CUT):
        return _middle_view(part, Box(0, 0, width, height))
    rows, columns = _fixed(part)
    if part.fit == "stretch":
        return View(Box(0, 0, width, height), columns, rows, filter=part.filter)
    if part.fit == "crop":
        x = math.floor((width - columns) * (at[0] if width > columns else 0.5) + 0.5)
        y = math.floor((height - rows) * (at[1] if height > rows else 0.5) + 0.5)
        return View(Box(x, y, columns, rows), columns, rows)
    scale = max(1.0, width / columns, height / rows)
    region = Box(0, 0, columns * scale, rows * scale)
    return View(region, columns, rows, black=True, filter=part.filter)


def _middle_view(part: Input, region: Box) -> View:
    """A region that is scaled before its middle is cut."""
    rows, columns = _fixed(part)
    if part.fit.startswith("stretch"):
        whole = (part.side, part.side)
    else:
        short = min(region.width, region.height)
        whole = (
            int(part.side * region.width / short),
            int(part.side * region.height / short),
        )
    rims = (whole[0] - columns, whole[1] - rows)
    left, top = (rim // 2 if part.centre == "down" else round(rim / 2) for rim in rims)
    return View(region, columns, rows, filter=part.filter, whole=whole, left=left, top=top)


def channels_first(pixels: Pixels) -> Pixels:
    """Height × width × 3 to 3 × height × width."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def count(part: Input) -> int:
    """Pictures of a clip: the second number of its shape. Raises ModelError when there is none."""
    number = part.shape[1] if len(part.shape) == 5 else None
    if not isinstance(number, int):
        raise ModelError(f"The input {part.name!r} needs a shape [batch, T, 3, height, width].")
    return number


def clip(
    part: Input, pictures: Sequence[Pixels], boxes: Sequence[Box], change: Change | None = None
) -> Pixels:
    """Crops of one face along time, T × 3 × height × width; boxes as ``followed`` gives them."""
    views = [face_view(part, box) for box in boxes]
    taken = [view.take(pixels, change) for view, pixels in zip(views, pictures, strict=True)]
    return np.stack([channels_first(pixels) for pixels in taken])


def frames(
    part: Input,
    pictures: Sequence[Pixels],
    at: tuple[float, float] = MIDDLE,
    change: Change | None = None,
) -> Pixels:
    """Whole frames along time, T × 3 × height × width."""
    height, width = pictures[0].shape[:2]
    view = picture_view(part, width, height, at)
    return np.stack([channels_first(view.take(pixels, change)) for pixels in pictures])


def spread(number: int, taken: int) -> NDArray[np.int64]:
    """``taken`` places spread evenly over ``number``, first and last among them."""
    if taken == 1:
        return np.array([(number - 1) // 2], np.int64)
    return np.rint(np.linspace(0, number - 1, taken)).astype(np.int64)


def sound(part: Input, samples: Samples, start: int = 0) -> Samples:
    """The card's number of samples from ``start`` on; a shorter recording is repeated."""
    length = part.shape[1]
    if not isinstance(length, int):
        return samples
    if len(samples) < length:
        return np.resize(samples, length)
    return np.ascontiguousarray(samples[start : start + length])


def largest(pixels: Pixels) -> Face | None:
    """The largest face of a picture, or None."""
    return next(iter(detect(pixels)), None)


def followed(pictures: Sequence[Pixels], times: Sequence[float]) -> list[Box] | None:
    """One box a picture of the face that is seen most often, then largest; None without a face.

    Where it was missed, the nearest sighting stands in. All boxes have the side of the median one
    and their middle is the median of three neighbours, so that the crop does not tremble.
    """
    tracker = Tracker()
    seen: dict[int, dict[int, Box]] = {}
    for index, (pixels, time) in enumerate(zip(pictures, times, strict=True)):
        faces = detect(pixels)
        for track, face in zip(tracker.update(time, faces), faces, strict=True):
            seen.setdefault(track.number, {})[index] = face.box
    if not seen:
        return None
    chosen = max(seen.values(), key=lambda boxes: (len(boxes), sum(b.area for b in boxes.values())))
    known = sorted(chosen)
    row = [chosen[min(known, key=lambda k: abs(k - i))] for i in range(len(pictures))]
    return steady(row)


def steady(boxes: Sequence[Box]) -> list[Box]:
    """Square boxes of one side (the median of the longer ones) about smoothed middles."""
    middles = np.array([(b.x + b.width / 2, b.y + b.height / 2) for b in boxes])
    side = float(np.median([max(b.width, b.height) for b in boxes]))
    padded = np.pad(middles, ((1, 1), (0, 0)), mode="edge")
    smooth = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return [Box(float(x) - side / 2, float(y) - side / 2, side, side) for x, y in smooth]


def as_batch(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    """Equal arrays as the float batch that a network takes."""
    return np.stack(arrays).astype(np.float32)
