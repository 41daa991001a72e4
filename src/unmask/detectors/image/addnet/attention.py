"""Where a forger of faces works: a map that is high over the face, and highest over its organs.

After Zi et al. 2020, "WildDeepfake", section 4, whose maps come from dense landmarks; here outlines
of a mean face are fitted to the five points of the detector.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.faces.detect import detect
from unmask.forge.regions import OUTLINES, TEMPLATE, fit
from unmask.types import Pixels

FACE, ORGANS = 0.5, 1.0
"""Height of the map over the face, and over eyes, nose and mouth."""
_PARTS = ("eyes", "nose", "mouth")
_EYE_DISTANCE, _EYES = 0.25, (0.5, 0.42)
"""The mean face in the square of the card, in shares of its side."""


def attention(points: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The map (side × side, 0…1) for five points in pixels of the square."""
    placed = fit(TEMPLATE, points)
    canvas = np.zeros((side, side), np.float32)
    for names, height in ((("face",), FACE), (_PARTS, ORGANS)):
        for outline in (line for name in names for line in OUTLINES[name]):
            drawn = outline @ placed[:, :2].T + placed[:, 2]
            cv2.fillPoly(canvas, [np.round(drawn * 8).astype(np.int32)], height, cv2.LINE_8, 3)
    soft: NDArray[np.float32] = cv2.GaussianBlur(canvas, (0, 0), side / 64)
    return soft


def mean_points(side: int) -> NDArray[np.float32]:
    """Five points of a mean face in the square, in pixels."""
    scaled: NDArray[np.float32] = TEMPLATE * (_EYE_DISTANCE * side) + np.array(_EYES) * side
    return scaled.astype(np.float32)


def seen_in(face: Pixels) -> NDArray[np.float32]:
    """The map for a square crop (height × width × 3): by its largest face, or by the mean one."""
    side = face.shape[0]
    found = detect(face)
    if not found:
        return attention(mean_points(side), side)
    largest = max(found, key=lambda one: one.box.area)
    return attention(np.asarray(largest.points, np.float32), side)
