"""What the encoder is shown of a picture: squares at native size, and wholes scaled to the square.

What a generator leaves is in single pixels, and scaling a picture down takes it away; a square cut
out of it keeps it (Ojha, Li and Lee 2023, "Towards Universal Fake Image Detectors that Generalize
Across Generative Models", section 4). The whole picture and the whole face, as the encoder was
trained to see things, show what was drawn, whatever the file went through since.
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
MARGIN = 1.5
"""Of the whole face: the side of the square, in longer sides of the face."""
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
    WHOLE_FACE = 3


OF_FACE = frozenset({View.FACE, View.WHOLE_FACE})
"""The views whose score tells of the face, and not of the picture."""
COLUMNS = {View.MIDDLE: 0, View.FACE: 0, View.WHOLE: 1, View.WHOLE_FACE: 2}
"""Which of the heads judges a view."""
WEIGHTS = {View.MIDDLE: 1.0, View.FACE: 1.0, View.WHOLE: 2.0, View.WHOLE_FACE: 2.0}
"""How much the score of a view counts in the mean over the views of one claim."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A square that the encoder is shown; ``face``: around which face it is, of ``OF_FACE``."""

    square: Pixels
    view: View
    face: Box | None = None


def shown_of(pixels: Pixels, side: int, turn: int | None = None) -> list[Shown]:
    """What the encoder is shown of a frame.

    Of a still picture (``turn`` None) every view, those of the face where there is one. Of the
    frames of a video that are looked at, which ``turn`` counts from 0 on, those of ``_IN_TURN``,
    and where there is no face the view of the picture that is like it.
    """
    wanted = tuple(View) if turn is None else (_IN_TURN[turn % len(_IN_TURN)],)
    face = face_of(pixels) if OF_FACE.intersection(wanted) else None
    if face is None:
        wanted = tuple(dict.fromkeys(_INSTEAD.get(view, view) for view in wanted))
    return [_seen_as(view, pixels, side, face) for view in wanted]


_IN_TURN = (View.WHOLE, View.WHOLE_FACE, View.WHOLE, View.FACE)
"""Of a video the middle is not shown: its coding took what a generator leaves in single pixels."""
_INSTEAD = {View.FACE: View.MIDDLE, View.WHOLE_FACE: View.WHOLE}


def _seen_as(view: View, pixels: Pixels, side: int, face: Box | None) -> Shown:
    if view is View.MIDDLE:
        return Shown(middle(pixels, side), view)
    if view is View.WHOLE:
        return Shown(whole(pixels, side), view)
    assert face is not None
    square = around if view is View.FACE else whole_face
    return Shown(square(pixels, face, side), view, face)


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


def whole_face(pixels: Pixels, box: Box, side: int) -> Pixels:
    """The square of ``MARGIN`` around a box, within the picture, scaled to ``side``."""
    height, width = pixels.shape[:2]
    length = min(MARGIN * max(box.width, box.height), height, width)
    x = min(max(box.x + box.width / 2 - length / 2, 0), width - length)
    y = min(max(box.y + box.height / 2 - length / 2, 0), height - length)
    picture = Image.fromarray(pixels).resize(
        (side, side), Image.Resampling.BICUBIC, box=(x, y, x + length, y + length)
    )
    return np.asarray(picture)


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
