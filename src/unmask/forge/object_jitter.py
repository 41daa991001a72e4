"""Object jitter: an object of a photo, changed a little and laid back where it was.

After Qu et al. 2025, "Webly-Supervised Image Manipulation Localization via Category-Aware
Auto-Annotation": such an edit has none of the loud signs of a splice (another light, another
place), so that only what saving and scaling leave can give it away.
"""

from __future__ import annotations

import cv2
import numpy as np

from unmask.forge.operations import jpeg
from unmask.forge.shapes import SoftMask
from unmask.forge.splice import Edit
from unmask.types import Pixels

Rng = np.random.Generator
WAYS = ("exposure", "size", "texture", "saving")


def jitter(host: Pixels, soft: SoftMask, rng: Rng, strength: float = 1.0) -> Edit:
    """The object under ``soft`` (0…1) with one to three small changes, and its mask.

    Exposure (a gain, and a little colour), size (about its middle), texture (blur or sharpening
    with grain), saving (a JPEG of its own). ``strength`` 1 is hardly seen.
    """
    piece: Pixels = host
    ways = rng.permutation(len(WAYS))[: int(rng.integers(1, 4))]
    for way in ways:
        name = WAYS[int(way)]
        if name == "exposure":
            gain = 1 + strength * rng.uniform(0.04, 0.15) * rng.choice([-1, 1])
            tint = 1 + strength * rng.uniform(-0.03, 0.03, 3)
            piece = np.clip(piece * gain * tint + 0.5, 0, 255).astype(np.uint8)
        elif name == "size":
            piece, soft = _scaled(piece, soft, rng, strength)
        elif name == "texture":
            piece = _textured(piece, rng, strength)
        else:
            piece = jpeg(piece, int(rng.integers(max(40, round(90 - 40 * strength)), 96)))
    weight = soft[..., None]
    mixed = host * (1 - weight) + piece * weight
    pixels = np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)
    return Edit(pixels, (soft > 0.5).astype(np.uint8), "object-jitter")


def _scaled(piece: Pixels, soft: SoftMask, rng: Rng, strength: float) -> tuple[Pixels, SoftMask]:
    """Larger by up to 15 % about the object's middle, so that nothing of the old one shows."""
    rows, columns = np.nonzero(soft > 0.5)
    if not len(rows):
        return piece, soft
    middle = (float(columns.mean()), float(rows.mean()))
    turn = cv2.getRotationMatrix2D(middle, 0, 1 + strength * rng.uniform(0.03, 0.15))
    size = soft.shape[::-1]
    larger = cv2.warpAffine(piece, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    grown = cv2.warpAffine(soft, turn, size, flags=cv2.INTER_LINEAR)
    return np.asarray(larger, np.uint8), np.maximum(soft, np.asarray(grown, np.float32))


def _textured(piece: Pixels, rng: Rng, strength: float) -> Pixels:
    value = piece.astype(np.float32)
    smooth = cv2.GaussianBlur(value, (0, 0), 0.5 + 0.6 * strength * rng.random())
    value = (
        smooth
        if rng.random() < 0.5
        else value + strength * rng.uniform(0.2, 0.7) * (value - smooth)
    )
    value = value + rng.normal(0, strength * rng.uniform(0, 2), value.shape)
    return np.asarray(np.clip(value + 0.5, 0, 255), np.uint8)
