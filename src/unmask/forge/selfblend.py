"""Self-blended images as their paper makes them (Shiohara and Yamasaki 2022, section 3).

A face is blended with itself: one copy is altered slightly in colour and sharpness, one is moved
and scaled by a few per cent, and a bent and softened hull decides what comes from which.
``unmask.forge.blend`` makes a wider kind of the same idea; here it is the paper's, number for
number, but for the hull: the paper takes it from 68 or 81 landmarks, here it is that of a drawn
outline laid on five points (``unmask.forge.regions``).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from unmask.forge.blend import Portrait
from unmask.forge.operations import jpeg
from unmask.forge.regions import OUTLINES, TEMPLATE, Points, SoftMask, fit
from unmask.types import Pixels

_Rng = np.random.Generator
_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
"""How much of the moved copy is seen inside the mask."""


@dataclass(frozen=True, slots=True)
class Blended:
    """A real face, the fake made of it, and how much of each pixel is foreign (0…1)."""

    real: Pixels
    fake: Pixels
    mask: SoftMask


def self_blended(portrait: Portrait, rng: _Rng) -> Blended:
    """A pair from one picture. The real is altered where the draw alters the copy below."""
    shape = portrait.pixels.shape[:2]
    mask = hull(shape, portrait.points, forehead=rng.random() >= 0.25)
    above = below = portrait.pixels
    if rng.random() < 0.5:
        above = alter(above, rng)
    else:
        below = alter(below, rng)
    above, mask = move(above, mask, rng)
    mask = soften(bend(mask, rng), rng) * np.float32(rng.choice(_RATIOS))
    part = mask[..., None]
    fake = below + (above.astype(np.float32) - below) * part
    return Blended(below, fake.astype(np.uint8), mask)


def hull(shape: tuple[int, ...], points: Points, forehead: bool) -> SoftMask:
    """The convex hull of a face in a picture of ``shape``, from five points.

    ``forehead``: as 81 landmarks would have it; without, from the brows down, as 68.
    """
    placed = fit(TEMPLATE, points)
    (outline,) = OUTLINES["forehead" if forehead else "face"]
    drawn = cv2.convexHull(outline @ placed[:, :2].T + placed[:, 2])
    mask = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(mask, np.round(drawn).astype(np.int32), 1.0)
    return mask


def shift_colours(pixels: Pixels, rng: _Rng, chance: float) -> Pixels:
    """Each channel by up to 20 levels, with a ``chance``."""
    if rng.random() >= chance:
        return pixels
    moved = pixels.astype(np.int16) + rng.integers(-20, 21, 3, np.int16)
    shifted: Pixels = np.clip(moved, 0, 255).astype(np.uint8)
    return shifted


def shift_hue(pixels: Pixels, rng: _Rng) -> Pixels:
    """Hue, saturation and value by up to 0.3 of a level: little more than what rounding does.

    The authors' amounts read as shares and act as levels.
    """
    moved = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV) + rng.uniform(-0.3, 0.3, 3).astype(np.float32)
    moved[..., 0] %= 180
    levels = np.clip(moved, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_HSV2RGB), np.uint8)


def shift_tone(pixels: Pixels, rng: _Rng, amount: float) -> Pixels:
    """Contrast by a share and brightness by a share of the whole range, up to ``amount`` each."""
    contrast, brightness = rng.uniform(-amount, amount, 2)
    levels = np.arange(256) * (1 + contrast) + 255 * brightness
    return np.take(np.clip(levels, 0, 255).astype(np.uint8), pixels)


def alter(pixels: Pixels, rng: _Rng) -> Pixels:
    """What tells a source from its target: colour and tone, then fewer pixels or sharper edges."""
    altered = shift_tone(shift_hue(shift_colours(pixels, rng, 0.3), rng), rng, 0.1)
    height, width = altered.shape[:2]
    if rng.random() < 0.5:
        share = int(rng.choice((2, 4)))
        few = (max(1, width // share), max(1, height // share))
        small = cv2.resize(altered, few, interpolation=cv2.INTER_NEAREST)
        return np.asarray(cv2.resize(small, (width, height)), np.uint8)
    strength, light = rng.uniform(0.2, 0.5), rng.uniform(0.5, 1.0)
    kernel = np.full((3, 3), -strength, np.float32)
    kernel[1, 1] = 1 - strength + strength * (8 + light)
    return np.asarray(cv2.filter2D(altered, -1, kernel), np.uint8)


def move(pixels: Pixels, mask: SoftMask, rng: _Rng) -> tuple[Pixels, SoftMask]:
    """Picture and mask moved by up to 3 % across and 1.5 % down and scaled by up to 5 %."""
    height, width = mask.shape
    zoom = rng.uniform(0.95, 1 / 0.95, 2)
    shift = rng.uniform(-1, 1, 2) * (0.03 * width, 0.015 * height)
    still = (1 - zoom) * ((width - 1) / 2, (height - 1) / 2)
    matrix = np.column_stack([np.diag(zoom), still + shift]).astype(np.float32)
    moved = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8), np.asarray(
        cv2.warpAffine(mask, matrix, (width, height)), np.float32
    )


def bend(mask: SoftMask, rng: _Rng) -> SoftMask:
    """Elastic deformation (Simard et al. 2003) of strength 50 and smoothness 7 pixels."""
    height, width = mask.shape
    field = rng.uniform(-1, 1, (2, height, width)).astype(np.float32)
    x, y = (cv2.GaussianBlur(part, (0, 0), 7) * 50 for part in field)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = cv2.remap(mask, columns + x, rows + y, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT_101)
    return np.asarray(bent, np.float32)


def soften(mask: SoftMask, rng: _Rng) -> SoftMask:
    """Pulled in by one blur and feathered by another, at some 224 pixels a side."""
    height, width = mask.shape
    size = (int(rng.integers(192, 257)), int(rng.integers(192, 257)))
    first, second = (int(2 * rng.integers(2, 13) + 1) for _ in range(2))
    inner = cv2.GaussianBlur(cv2.resize(mask, size), (first, first), 0)
    inner = np.where(inner >= inner.max() * 0.999, inner / max(float(inner.max()), 1e-6), 0)
    soft = cv2.GaussianBlur(inner.astype(np.float32), (second, second), float(rng.integers(5, 46)))
    soft = cv2.resize(soft / max(float(soft.max()), 1e-6), (width, height))
    return np.asarray(soft, np.float32)


def augment(blended: Blended, rng: _Rng) -> Blended:
    """Both pictures of a pair altered alike: colours, hue, tone and JPEG."""
    seed = int(rng.integers(2**63))
    real, fake = (_changed(pixels, seed) for pixels in (blended.real, blended.fake))
    return Blended(real, fake, blended.mask)


def _changed(pixels: Pixels, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    changed = shift_colours(pixels, rng, 0.3)
    if rng.random() < 0.3:
        changed = shift_hue(changed, rng)
    if rng.random() < 0.3:
        changed = shift_tone(changed, rng, 0.3)
    return jpeg(changed, int(rng.integers(40, 101))) if rng.random() < 0.5 else changed
