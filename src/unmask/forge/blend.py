"""Forged faces made from real ones: blends of a face with itself or with another.

Self-blended images follow Shiohara and Yamasaki 2022 ("Detecting Deepfakes with Self-Blended
Images", section 3): source and target are one picture, one of them slightly altered in tone,
sharpness and place, blended through a deformed mask of the face. The other makers go further: a
donor's face on the target, single parts, and a re-synthesised inner face.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.forge.operations import blur, jpeg, noise, resize, sharpen, tint, tone
from unmask.forge.regions import TEMPLATE, Points, SoftMask, face_mask, similarity
from unmask.types import Pixels

FAMILIES = ("self-blend", "swap", "part", "resynthesis")
DECODED = "decoded"
"""The family that needs a decoder; see ``decoded``."""
Decode = Callable[[Pixels, np.random.Generator], Pixels]
"""Draws a square picture again."""
_WHOLE = ("face", "face", "forehead", "inner", "lower", "band")
_PARTS = ("mouth", "mouth", "eyes", "eyes", "nose", "lower", "band")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of a face and its five points (5 × 2, pixels of that picture)."""

    pixels: Pixels
    points: Points


@dataclass(frozen=True, slots=True)
class Forged:
    """A made fake: pixels, how much of each pixel is foreign (height × width, 0…1), its maker."""

    pixels: Pixels
    mask: SoftMask
    family: str


def mismatch(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Make a picture differ a little in tone, sharpness, resolution, codec or noise."""
    changed = pixels
    if rng.random() < 0.55:
        spread = 0.22 * strength
        changed = tone(
            changed,
            float(np.exp(rng.uniform(-spread, spread))),
            float(rng.uniform(1 - 0.12 * strength, 1 + 0.12 * strength)),
            float(rng.uniform(-10, 10) * strength),
        )
    if rng.random() < 0.5:
        changed = tint(changed, *(float(v) for v in 1 + rng.uniform(-0.07, 0.07, 3) * strength))
    choice = rng.random()
    if choice < 0.22:
        changed = resize(changed, float(rng.uniform(0.4, 0.85)), int(rng.integers(4)), 1)
    elif choice < 0.40:
        changed = sharpen(changed, int(rng.integers(30, 130)))
    elif choice < 0.55:
        changed = blur(changed, float(rng.uniform(0.4, 1.3)))
    elif choice < 0.70:
        changed = jpeg(changed, int(rng.integers(35, 85)))
    elif choice < 0.82:
        changed = noise(changed, float(rng.uniform(1.5, 5)), int(rng.integers(2**31)))
    return changed


def _warp(pixels: Pixels, matrix: NDArray[np.float32], shape: tuple[int, ...]) -> Pixels:
    """A picture moved by a 2 × 3 map onto a canvas of that height and width."""
    return np.asarray(
        cv2.warpAffine(
            pixels,
            matrix,
            (shape[1], shape[0]),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        dtype=np.uint8,
    )


def alpha_blend(inner: Pixels, outer: Pixels, mask: SoftMask) -> Pixels:
    """``inner`` where the mask is 1, ``outer`` where it is 0."""
    part = mask[:, :, None]
    mixed = outer + (inner.astype(np.float32) - outer) * part
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def poisson_blend(inner: Pixels, outer: Pixels, mask: SoftMask) -> Pixels:
    """Gradients of ``inner`` inside the mask, solved to meet ``outer`` (Pérez et al. 2003).

    A mask that touches the rim of the picture or is too small is blended by alpha instead.
    """
    hard = (mask > 0.5).astype(np.uint8) * 255
    hard[[0, 1, -2, -1]] = 0
    hard[:, [0, 1, -2, -1]] = 0
    x, y, width, height = cv2.boundingRect(hard)
    if width < 6 or height < 6:
        return alpha_blend(inner, outer, mask)
    centre = (x + width // 2, y + height // 2)
    return np.asarray(cv2.seamlessClone(inner, outer, hard, centre, cv2.NORMAL_CLONE), np.uint8)


def match_colour(source: Pixels, target: Pixels, mask: SoftMask) -> Pixels:
    """Give ``source`` the mean and spread of ``target`` under the mask (Reinhard et al. 2001)."""
    weight = mask / max(float(mask.sum()), 1e-6)
    a, b = source.astype(np.float32), target.astype(np.float32)
    mean_a = np.tensordot(weight, a, 2)
    mean_b = np.tensordot(weight, b, 2)
    spread_a = np.sqrt(np.tensordot(weight, (a - mean_a) ** 2, 2)) + 1.0
    spread_b = np.sqrt(np.tensordot(weight, (b - mean_b) ** 2, 2)) + 1.0
    matched = (a - mean_a) * np.clip(spread_b / spread_a, 0.6, 1.6) + mean_b
    coloured: Pixels = np.clip(matched + 0.5, 0, 255).astype(np.uint8)
    return coloured


def _blend(
    inner: Pixels, outer: Pixels, mask: SoftMask, rng: np.random.Generator, family: str
) -> Forged:
    """Blend by Poisson or by alpha, sometimes half transparent."""
    if rng.random() < 0.22:
        mixed = poisson_blend(inner, outer, mask)
        share = 1.0
    else:
        share = float(rng.choice([1.0, 1.0, 1.0, 0.85, 0.7]))
        mixed = alpha_blend(inner, outer, mask * share)
    return Forged(mixed, mask, family)


def self_blend(portrait: Portrait, rng: np.random.Generator) -> Forged:
    """A face blended with an altered and slightly moved copy of itself."""
    height, width = portrait.pixels.shape[:2]
    region = str(rng.choice(_WHOLE if rng.random() < 0.8 else _PARTS))
    mask = face_mask((height, width), portrait.points, rng, region)
    altered = mismatch(portrait.pixels, rng)
    inner, outer = altered, portrait.pixels
    if rng.random() < 0.4:
        inner, outer = outer, inner
    zoom = float(rng.uniform(0.96, 1.045))
    shift = rng.uniform(-0.025, 0.025, 2) * (width, height)
    centre = portrait.points.mean(0)
    matrix = np.array(
        [
            [zoom, 0, centre[0] * (1 - zoom) + shift[0]],
            [0, zoom, centre[1] * (1 - zoom) + shift[1]],
        ],
        np.float32,
    )
    inner = _warp(inner, matrix, inner.shape)
    return _blend(inner, outer, mask, rng, "self-blend")


def _transplant(
    target: Portrait, donor: Portrait, rng: np.random.Generator, region: str, family: str
) -> Forged:
    matrix = similarity(donor.points, target.points)
    unit = float(np.hypot(*(target.points[1] - target.points[0])))
    matrix[:, 2] += rng.normal(0, 0.02 * unit, 2).astype(np.float32)
    zoom = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    source = donor.pixels
    if zoom < 0.7:  # filter before scaling down
        source = blur(source, 0.45 / zoom)
    inner = _warp(source, matrix, target.pixels.shape)
    mask = face_mask(target.pixels.shape[:2], target.points, rng, region)
    if rng.random() < 0.75:
        inner = match_colour(inner, target.pixels, mask)
    inner = mismatch(inner, rng, 0.6)
    return _blend(inner, target.pixels, mask, rng, family)


def swap(target: Portrait, donor: Portrait, rng: np.random.Generator) -> Forged:
    """The donor's face, brought to the target's five points, in the target's picture."""
    return _transplant(target, donor, rng, str(rng.choice(_WHOLE)), "swap")


def part_swap(target: Portrait, donor: Portrait, rng: np.random.Generator) -> Forged:
    """Only the donor's eyes, mouth, nose or half of the face."""
    return _transplant(target, donor, rng, str(rng.choice(_PARTS)), "part")


def resynthesise(portrait: Portrait, rng: np.random.Generator) -> Forged:
    """The inner face as a decoder would draw it: scaled up from few pixels, or smoothed."""
    height, width = portrait.pixels.shape[:2]
    unit = max(4.0, float(np.hypot(*(portrait.points[1] - portrait.points[0]))))
    choice = rng.random()
    if choice < 0.6:  # as if made with few pixels between the eyes
        factor = float(np.clip(rng.uniform(14, 30) / unit, 0.15, 0.75))
        small = cv2.resize(portrait.pixels, None, fx=factor, fy=factor, interpolation=3)
        way = int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        drawn = cv2.resize(small, (width, height), interpolation=way)
        if way == cv2.INTER_NEAREST:
            drawn = cv2.GaussianBlur(drawn, (0, 0), 0.4 / factor)
    elif choice < 0.8:
        drawn = cv2.bilateralFilter(portrait.pixels, 7, float(rng.uniform(20, 50)), 4)
    else:
        drawn = cv2.medianBlur(portrait.pixels, 5 if unit > 30 else 3)
    inner = np.asarray(drawn, np.uint8)
    if rng.random() < 0.6:
        inner = sharpen(inner, int(rng.integers(40, 140)))
    if rng.random() < 0.5:
        inner = noise(inner, float(rng.uniform(1, 4)), int(rng.integers(2**31)))
    region = str(rng.choice(("face", "inner", "lower", "mouth", "forehead")))
    mask = face_mask((height, width), portrait.points, rng, region)
    if rng.random() < 0.5:
        inner = mismatch(inner, rng, 0.5)
    return _blend(inner, portrait.pixels, mask, rng, "resynthesis")


def decoded(target: Portrait, donor: Portrait, rng: np.random.Generator, decode: Decode) -> Forged:
    """A face as one-shot swappers lay it in: an aligned crop of few pixels, drawn by a decoder.

    Three in five times the face is the donor's. The crop is turned back to its place and fades
    out towards its rim; one in three is sharpened, as face restoration leaves it.
    """
    shape = target.pixels.shape
    inner = target.pixels
    region = str(rng.choice(("face", "face", "inner", "forehead")))
    mask = face_mask(shape[:2], target.points, rng, region)
    if rng.random() < 0.6:
        matrix = similarity(donor.points, target.points)
        inner = match_colour(_warp(donor.pixels, matrix, shape), target.pixels, mask)
    side = int(rng.choice((112, 128, 128, 128, 192, 256)))
    matrix = similarity(target.points, TEMPLATE * (0.3 * side) + (0.5 * side, 0.4 * side))
    zoom = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    small = blur(inner, 0.45 / zoom) if zoom < 0.7 else inner
    drawn = decode(_warp(small, matrix, (side, side)), rng)
    if rng.random() < 0.35:
        drawn = sharpen(drawn, int(rng.integers(40, 160)))
    back = cv2.invertAffineTransform(matrix)
    whole = np.asarray(
        cv2.warpAffine(
            drawn, back, (shape[1], shape[0]), inner.copy(),
            flags=int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))),
            borderMode=cv2.BORDER_TRANSPARENT,
        ),
        np.uint8,
    )  # fmt: skip
    rim = np.zeros((side, side), np.float32)
    edge = max(2, side // 16)
    rim[edge:-edge, edge:-edge] = 1
    inside = cv2.warpAffine(
        cv2.GaussianBlur(rim, (0, 0), edge / 2), back, (shape[1], shape[0]), flags=cv2.INTER_LINEAR
    )
    mask = np.asarray(mask * inside, np.float32)
    return Forged(alpha_blend(whole, target.pixels, mask), mask, DECODED)


def strength(forged: Forged, real: Pixels) -> float:
    """How far a fake differs from its real under the mask, in mean grey levels."""
    weight = float(forged.mask.sum())
    if weight < 1:
        return 0.0
    gap = cv2.absdiff(forged.pixels, real).astype(np.float32)
    grey = cv2.transform(gap, np.full((1, 3), 1 / 3, np.float32))
    return float((grey * forged.mask).sum() / weight)


def forge(
    family: str,
    target: Portrait,
    donor: Portrait,
    rng: np.random.Generator,
    least: float = 1.5,
    decode: Decode | None = None,
) -> Forged:
    """Make a fake of a family, redrawn until it differs by ``least``.

    The family is one of ``FAMILIES`` or, with ``decode``, ``DECODED``.
    """
    made = _make(family, target, donor, rng, decode)
    for _ in range(3):
        if strength(made, target.pixels) >= least:
            break
        made = _make(family, target, donor, rng, decode)
    return made


def _make(
    family: str,
    target: Portrait,
    donor: Portrait,
    rng: np.random.Generator,
    decode: Decode | None,
) -> Forged:
    if family == DECODED and decode is not None:
        return decoded(target, donor, rng, decode)
    if family == "self-blend":
        return self_blend(target, rng)
    if family == "swap":
        return swap(target, donor, rng)
    if family == "part":
        return part_swap(target, donor, rng)
    return resynthesise(target, rng)
