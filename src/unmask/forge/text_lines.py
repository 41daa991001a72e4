"""Lines of text in a picture, found by their ink: rows of small marks on an even ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

_SMALLEST, _TALLEST = 7, 0.2
"""Height of a line: pixels at least, share of the picture at most."""
_CONTRAST = 24.0


@dataclass(frozen=True, slots=True)
class Line:
    """A box in pixels, left and top inside, and how strongly its marks stand out."""

    left: int
    top: int
    width: int
    height: int

    def of(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """What lies in the box, as a view."""
        return pixels[self.top : self.top + self.height, self.left : self.left + self.width]


def ink(pixels: Pixels) -> NDArray[np.bool_]:
    """Where marks stand out from the ground around them, darker or lighter (height × width)."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = max(15, round(min(luma.shape) / 24)) | 1
    ground = cv2.medianBlur(luma.astype(np.uint8), side) if side < 256 else luma
    found: NDArray[np.bool_] = np.abs(luma - ground) > _CONTRAST
    return found


def lines(pixels: Pixels) -> list[Line]:
    """Boxes of lines of text, from top to bottom. Empty where there is none."""
    height, width = pixels.shape[:2]
    marks = ink(pixels).astype(np.uint8)
    reach = max(5, round(width / 60))
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((1, 2 * reach + 1), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for left, top, wide, high, area in boxes[1:].tolist():
        tall = _SMALLEST <= high <= max(_SMALLEST, _TALLEST * height)
        inside = marks[top : top + high, left : left + wide]
        filled = float(inside.mean())
        # A ruled line is thin, a picture or a filled box is full.
        if tall and wide >= 1.5 * high and 0.08 < filled < 0.75 and area > 0.25 * wide * high:
            rim = max(1, high // 8)
            box = (max(0, left - rim), max(0, top - rim))
            found.append(
                Line(
                    *box,
                    min(width, left + wide + rim) - box[0],
                    min(height, top + high + rim) - box[1],
                )
            )
    return sorted(found, key=lambda line: (line.top, line.left))
