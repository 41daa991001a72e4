"""A part of one face blended into another, as the synthesizer chose (Chen et al. 2022, 3.2)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.forge.blend import alpha_blend, match_colour, poisson_blend
from unmask.forge.regions import bend, similarity
from unmask.types import Pixels

ALPHA, POISSON, MIXED, NOTHING = range(4)
"""Types of blending, in the order of the synthesizer's outputs."""
PARTS: tuple[tuple[str, ...], ...] = (
    ("left eye",),
    ("right eye",),
    ("eyes",),
    ("nose",),
    ("mouth",),
    ("nose", "left eye"),
    ("nose", "right eye"),
    ("nose", "eyes"),
    ("nose", "mouth"),
    ("eyes", "nose", "mouth"),
)
"""Regions in the order of the synthesizer's outputs."""
_BENT = 0.04
_LEAST = 0.005
_FEATHER = 0.2
_Points = NDArray[np.float32]
_Mask = NDArray[np.float32]


def part_mask(side: int, points: _Points, region: int) -> _Mask:
    """A region of a face by its five points, side × side, 0 or 1: thick strokes between them."""
    left, right, nose, mouth_left, mouth_right = points
    wide = float(np.linalg.norm(right - left))
    bridge = (left + right) / 2
    eye = np.array([0.2 * wide, 0.0], np.float32)
    strokes = {
        "left eye": (left - eye, left + eye, wide * 0.2),
        "right eye": (right - eye, right + eye, wide * 0.2),
        "eyes": (left, right, wide * 0.25),
        "nose": (nose, bridge, wide * 0.25),
        "mouth": (mouth_left, mouth_right, float(np.linalg.norm(mouth_right - mouth_left)) / 3),
    }
    mask = np.zeros((side, side), np.float32)
    for name in PARTS[region]:
        begin, end, reach = strokes[name]
        thick = max(2, round(2 * reach))
        places = [tuple(round(float(v)) for v in place) for place in (begin, end)]
        cv2.line(mask, places[0], places[1], 1.0, thick)
    return mask


def blended(
    face: Pixels,
    points: _Points,
    other: Pixels,
    other_points: _Points,
    region: int,
    kind: int,
    magnitude: float,
    rng: np.random.Generator,
) -> tuple[Pixels, _Mask]:
    """``face`` with a region of ``other`` in it, and where (side × side, 0…1).

    The region is bent a little, brought to the place of the face's own, and coloured like it. A
    region that all but vanished leaves the face as it is.
    """
    side = face.shape[0]
    drawn = bend(part_mask(side, other_points, region), rng, _BENT)
    moved = similarity(other_points, points)
    laid = cv2.warpAffine(
        other, moved, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    mask: _Mask = np.asarray(cv2.warpAffine(drawn, moved, (side, side)) > 0.5, np.float32)
    if float(mask.mean()) < _LEAST:
        return face, np.zeros_like(mask)
    inner = match_colour(np.asarray(laid, np.uint8), face, mask)
    if kind == POISSON:
        return poisson_blend(inner, face, mask), mask
    if kind == MIXED:
        return alpha_blend(inner, face, mask * magnitude), mask
    reach = max(0.3, _FEATHER * float(rng.random()) * float(np.sqrt(mask.sum())) / 4)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), reach), np.float32)
    return alpha_blend(inner, face, soft), mask
