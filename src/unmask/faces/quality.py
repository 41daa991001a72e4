"""Whether a face can be judged at all: size, sharpness, pose and how sure the search was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.media.luma import luma
from unmask.types import Face, Pixels

SMALLEST = 48.0
"""Pixels of the longer side of a face box under which nothing can be told."""
SHARPEST_BLUR = 0.0035
"""Sharpness (see ``Quality``) under which a face is too blurred."""
FARTHEST_TURN = 0.75
LEAST_CONFIDENCE = 0.75


@dataclass(frozen=True, slots=True)
class Quality:
    """What the gate looks at.

    ``size``: longer side of the box in pixels of the original. ``sharpness``: variance of the
    Laplacian of the crop over the variance of the crop, so that contrast cancels out. ``turn``:
    0 when the nose is half way between the eyes and the corners of the mouth are, too; 1 in
    profile. ``confidence``: of the search, 0…1.
    """

    size: float
    sharpness: float
    turn: float
    confidence: float

    def problem(self) -> str:
        """Why the face cannot be judged, in plain words; empty when it can."""
        if self.size < SMALLEST:
            return f"the face is too small ({self.size:.0f} pixels; {SMALLEST:.0f} are needed)"
        if self.confidence < LEAST_CONFIDENCE:
            return "it is not certain that this is a face"
        if self.turn > FARTHEST_TURN:
            return "the face is turned too far away"
        if self.sharpness < SHARPEST_BLUR:
            return "the face is too blurred"
        return ""


def sharpness(crop: Pixels) -> float:
    """Variance of the four-neighbour Laplacian of a crop over the variance of its grey values."""
    grey = luma(crop.astype(np.float32))
    curve = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return float(curve.var() / max(float(grey.var()), 25.0))


def turn(face: Face) -> float:
    """How far a face is turned sideways, 0 (to the front) … 1 (profile), from its five points.

    Each of the nose tip and the middle of the mouth is projected on the line between the eyes;
    its distance from the middle, in half eye distances, is the turn.
    """
    left, right, nose = face.points[0], face.points[1], face.points[2]
    mouth = (face.points[3] + face.points[4]) / 2
    down = mouth - (left + right) / 2
    across = right - left
    length = float(np.hypot(*across))
    depth = float(np.hypot(*down))
    if length < 0.3 * depth or depth < 1e-3:
        return 1.0
    # The nose should lie on the line from between the eyes to the mouth.
    off = abs(float(down[0] * (nose - mouth)[1] - down[1] * (nose - mouth)[0])) / depth
    return min(1.0, off / (length / 2))


def judge(face: Face, crop: Pixels) -> Quality:
    """The quality of a face whose square crop (size × size × 3) is given."""
    size = max(face.box.width, face.box.height)
    return Quality(size, sharpness(crop), turn(face), face.confidence)
