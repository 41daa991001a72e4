"""Random shapes for local forgeries: ellipses, polygons, blobs and pieces that follow the picture.

Masks are soft (0…1); their edge is hard or feathered by some pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

SoftMask = NDArray[np.float32]
"""Height × width, 0…1."""
_Rng = np.random.Generator


def _ellipse(pixels: Pixels, rng: _Rng, share: float) -> SoftMask:
    height, width = pixels.shape[:2]
    ratio = float(np.exp(rng.uniform(-0.8, 0.8)))
    area = share * height * width / np.pi
    axes = (max(4, round(np.sqrt(area * ratio))), max(4, round(np.sqrt(area / ratio))))
    centre = (int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height))
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return mask


def _polygon(pixels: Pixels, rng: _Rng, share: float) -> SoftMask:
    height, width = pixels.shape[:2]
    corners = int(rng.integers(3, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = np.sqrt(share * height * width / 2) * rng.uniform(0.7, 1.5, corners)
    centre = rng.uniform(0.15, 0.85, 2) * (width, height)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None] + centre
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [points.round().astype(np.int32)], 1.0)
    return mask


def _rectangle(pixels: Pixels, rng: _Rng, share: float) -> SoftMask:
    height, width = pixels.shape[:2]
    ratio = float(np.exp(rng.uniform(-0.8, 0.8)))
    high = min(height - 2, max(6, round(np.sqrt(share * ratio) * height)))
    wide = min(width - 2, max(6, round(np.sqrt(share / ratio) * width)))
    y, x = int(rng.integers(height - high)), int(rng.integers(width - wide))
    mask = np.zeros((height, width), np.float32)
    mask[y : y + high, x : x + wide] = 1
    return mask


def _blob(pixels: Pixels, rng: _Rng, share: float) -> SoftMask:
    """The highest part of smoothed noise: one or a few islands."""
    height, width = pixels.shape[:2]
    cells = int(rng.integers(3, 7))
    field = cv2.resize(
        rng.normal(size=(cells, cells)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(field > np.quantile(field, 1 - share), np.float32)


def _segment(pixels: Pixels, rng: _Rng, share: float) -> SoftMask:
    """Pixels near a seed in place and colour: a one-step superpixel (after Achanta et al. 2012)."""
    height, width = pixels.shape[:2]
    smooth = cv2.GaussianBlur(pixels, (0, 0), 3).astype(np.float32)
    y, x = (int(rng.uniform(0.15, 0.85) * side) for side in (height, width))
    colour = ((smooth - smooth[y, x]) ** 2).sum(2) / 900
    rows, columns = np.ogrid[:height, :width]
    place = ((rows - y) ** 2 + (columns - x) ** 2) / (share * height * width)
    distance = colour + place.astype(np.float32)
    near = (distance <= np.quantile(distance, share)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    if count < 2:
        return np.asarray(near, np.float32)
    biggest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = cv2.morphologyEx(
        (labels == biggest).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)
    )
    return np.asarray(piece, np.float32)


_SHAPES: tuple[Callable[[Pixels, _Rng, float], SoftMask], ...] = (
    _ellipse,
    _polygon,
    _rectangle,
    _blob,
    _segment,
    _segment,
)


def random_mask(pixels: Pixels, rng: _Rng, low: float = 0.02, high: float = 0.3) -> SoftMask:
    """A shape that covers about ``low`` to ``high`` of the picture, hard or feathered.

    At least one pixel in 150 is inside by more than one half, and at most half of them.
    """
    height, width = pixels.shape[:2]
    while True:
        share = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        mask = _SHAPES[int(rng.integers(len(_SHAPES)))](pixels, rng, share)
        feather = float(rng.choice([0.0, rng.uniform(0.5, 1.5), rng.uniform(1.5, 5)]))
        if feather:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), feather), np.float32)
        inside = int((mask > 0.5).sum())
        if height * width / 150 <= inside <= height * width / 2:
            return mask
