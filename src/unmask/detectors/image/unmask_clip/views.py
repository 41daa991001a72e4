"""What the encoder is shown of a picture: squares at native size, never scaled down.

What a generator leaves is in single pixels, and scaling a picture down takes it away; a square cut
out of it keeps it (Ojha, Li and Lee 2023, "Towards Universal Fake Image Detectors that Generalize
Across Generative Models", section 4).
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Shown:
    """A square that the encoder is shown; ``face``: around which face it is, None: the middle."""

    square: Pixels
    face: Box | None = None


def shown_of(pixels: Pixels, side: int, turn: int | None = None) -> list[Shown]:
    """What the encoder is shown of a frame.

    Of a still picture (``turn`` None) the middle, and the face where there is one. Of the frames of
    a video that are looked at, which ``turn`` counts from 0 on, the middle and the face in turn.
    """
    face = None if turn is not None and turn % 2 == 0 else face_of(pixels)
    around_it = [] if face is None else [Shown(around(pixels, face, side), face)]
    if turn is not None and around_it:
        return around_it
    return [Shown(middle(pixels, side)), *around_it]


def middle(pixels: Pixels, side: int) -> Pixels:
    """The middle square of a picture; one that is smaller is enlarged until it covers it."""
    pixels = _covering(pixels, side)
    height, width = pixels.shape[:2]
    return _cut(pixels, (width - side) // 2, (height - side) // 2, side)


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
