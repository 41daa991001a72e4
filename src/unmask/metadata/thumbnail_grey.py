"""Picture and thumbnail as small grey pictures, made ready to be laid over each other."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

Grey = NDArray[np.float32]
LONGEST = 320
"""The picture is reduced to this many pixels on its longer side before it is compared."""
_MOST_SIDE, _LEAST_SIDE = 2_000, 48
_DARK, _SHAPE = 24, 1.02


def reduced(pixels: Pixels) -> Grey:
    """A picture as grey of at most ``LONGEST`` pixels a side."""
    from PIL import Image

    step = max(1, max(pixels.shape[:2]) // (4 * LONGEST))
    picture = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return np.asarray(picture.convert("L"), np.float32)


def opened(data: bytes) -> Pixels | None:
    """The pixels of a thumbnail as stored; None if it does not decode."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "TIFF"]) as image:
            if min(image.size) < _LEAST_SIDE or max(image.size) > _MOST_SIDE:
                return None
            return np.asarray(image.convert("RGB"))
    except Exception:  # whatever is wrong with it, it is then no thumbnail
        return None


def oriented(stored: Pixels, turn: int) -> Grey:
    """A thumbnail as grey, turned as an EXIF orientation says."""
    from PIL import Image

    from unmask.media.image import turned

    upright = np.ascontiguousarray(turned(stored, turn))
    return np.asarray(Image.fromarray(upright).convert("L"), np.float32)


def framed(grey: Grey, shape: tuple[int, ...]) -> list[Grey]:
    """What of a thumbnail may be the picture: all of it, or all but a black border.

    A border is known by its darkness, or, as a dark picture has no other border than its own
    darkness, by the shape (rows, columns) of the picture in its middle.
    """
    ways = [grey, _without_border(grey), _middle(grey, shape)]
    return list({way.shape: way for way in ways}.values())


def resized(picture: Grey, rows: int, columns: int) -> Grey:
    """A grey picture in another size."""
    from PIL import Image

    small = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def _middle(grey: Grey, shape: tuple[int, ...]) -> Grey:
    """The middle in the shape of the picture, if all around it is black."""
    rows, columns = grey.shape
    wanted = shape[1] / shape[0]
    if max(wanted * rows / columns, columns / rows / wanted) < _SHAPE:
        return grey
    high, wide = min(rows, int(columns / wanted)), min(columns, int(rows * wanted))
    top, left = (rows - high + 1) // 2, (columns - wide + 1) // 2
    middle = grey[top : top + high, left : left + wide]
    around = grey.copy()
    around[top : top + high, left : left + wide] = 0
    small = min(middle.shape) < _LEAST_SIDE // 2
    return grey if small or around.max() > _DARK else middle


def _without_border(grey: Grey) -> Grey:
    rows, columns = np.flatnonzero(grey.max(1) > _DARK), np.flatnonzero(grey.max(0) > _DARK)
    if len(rows) < _LEAST_SIDE // 2 or len(columns) < _LEAST_SIDE // 2:
        return grey
    edge = 1 if len(rows) < grey.shape[0] or len(columns) < grey.shape[1] else 0
    return grey[rows[0] + edge : rows[-1] + 1 - edge, columns[0] + edge : columns[-1] + 1 - edge]
