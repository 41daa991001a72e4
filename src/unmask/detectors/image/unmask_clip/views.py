"""What the encoder is shown of a picture: squares at native size, and the whole scaled down.

What a generator leaves is in single pixels, and scaling a picture down takes it away; a square cut
out of it keeps it (Ojha, Li and Lee 2023, "Towards Universal Fake Image Detectors that Generalize
Across Generative Models", section 4). The whole picture, as the encoder was trained to see one,
shows what was drawn, whatever its file went through since.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from PIL import Image

from unmask.faces.detect import detect
from unmask.faces.quality import LEAST_CONFIDENCE
from unmask.types import Box, Pixels

SMALLEST_FACE = 64
"""Pixels of the longer side of a face under which it is not judged."""
SEARCHED = 640
"""Pixels of the longer side of the picture in which faces are searched."""


def face_of(pixels: Pixels) -> Box | None:
    """The face that is judged: the largest; None when there is none of enough size."""
    found = [
        face.box
        for face in detect(pixels, SEARCHED)
        if face.confidence >= LEAST_CONFIDENCE
        and max(face.box.width, face.box.height) >= SMALLEST_FACE
    ]
    return max(found, key=lambda box: box.area, default=None)


class View(IntEnum):
    """What of a picture a square shows."""

    MIDDLE = 0
    FACE = 1
    WHOLE = 2


WEIGHTS = {View.MIDDLE: 1.0, View.FACE: 1.0, View.WHOLE: 2.0}
"""How much the score of a view counts in the mean over the views of one claim."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A square that the encoder is shown; ``face``: around which face it is, of ``View.FACE``."""

    square: Pixels
    view: View
    face: Box | None = None


def shown_of(pixels: Pixels, side: int, turn: int | None = None) -> list[Shown]:
    """What the encoder is shown of a frame.

    Of a still picture (``turn`` None) the middle, the face where there is one, and the whole. Of
    the frames of a video that are looked at, which ``turn`` counts from 0 on, these in turn, and
    the middle where there is no face.
    """
    wanted = tuple(View) if turn is None else (View(turn % len(View)),)
    shown = [one for view in wanted if (one := _seen_as(view, pixels, side)) is not None]
    return shown or [Shown(middle(pixels, side), View.MIDDLE)]


def _seen_as(view: View, pixels: Pixels, side: int) -> Shown | None:
    """One view of a frame; None where there is no face."""
    if view is View.MIDDLE:
        return Shown(middle(pixels, side), view)
    if view is View.WHOLE:
        return Shown(whole(pixels, side), view)
    face = face_of(pixels)
    return None if face is None else Shown(around(pixels, face, side), view, face)


def middle(pixels: Pixels, side: int) -> Pixels:
    """The middle square of a picture; one that is smaller is enlarged until it covers it."""
    pixels = _covering(pixels, side)
    height, width = pixels.shape[:2]
    return _cut(pixels, (width - side) // 2, (height - side) // 2, side)


def whole(pixels: Pixels, side: int) -> Pixels:
    """The middle square of a picture whose shorter side was scaled to ``side``."""
    factor = side / min(pixels.shape[:2])
    height, width = (max(side, round(length * factor)) for length in pixels.shape[:2])
    picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    return middle(np.asarray(picture), side)


def around(pixels: Pixels, box: Box, side: int) -> Pixels:
    """The square around the middle of a box, moved until all of it lies in the picture."""
    factor = _factor(pixels, side)
    pixels = _covering(pixels, side)
    height, width = pixels.shape[:2]
    x = round((box.x + box.width / 2) * factor - side / 2)
    y = round((box.y + box.height / 2) * factor - side / 2)
    return _cut(pixels, min(max(x, 0), width - side), min(max(y, 0), height - side), side)


def _factor(pixels: Pixels, side: int) -> float:
    return float(max(1.0, side / min(pixels.shape[:2])))


def _covering(pixels: Pixels, side: int) -> Pixels:
    factor = _factor(pixels, side)
    if factor == 1.0:
        return pixels
    height, width = (max(side, round(length * factor)) for length in pixels.shape[:2])
    picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def _cut(pixels: Pixels, x: int, y: int, side: int) -> Pixels:
    return np.ascontiguousarray(pixels[y : y + side, x : x + side])
