"""Small changes of one part of a face, and which they are (Larue et al. 2023, section 3.2)."""

from __future__ import annotations

import math

import cv2
import numpy as np

from unmask.forge.blend import Portrait
from unmask.forge.regions import SoftMask
from unmask.forge.selfblend import bend, hull, move, shift_colours, shift_hue, shift_tone
from unmask.types import Pixels

ROWS, COLUMNS = 4, 4
TYPES = ("colour", "frequency")
KINDS = ROWS * COLUMNS * len(TYPES)
"""Cells of the grid × types of change; kind = cell × types + type."""
_SOFT = 0.02
_Rng = np.random.Generator


def cell(outline: SoftMask, number: int) -> SoftMask:
    """A cell of the grid that is laid over the box of a face's outline, cut to it; 0 or 1.

    Row by row from the top left. Sides are rounded up and both rims belong to a cell, as in the
    authors' program, so that neighbours share a line.
    """
    rows, columns = np.flatnonzero(outline.any(1)), np.flatnonzero(outline.any(0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    wide, high = math.ceil((right - left) / COLUMNS), math.ceil((bottom - top) / ROWS)
    row, column = divmod(number, COLUMNS)
    y, x = int(top + high * row), int(left + wide * column)
    mask = np.zeros_like(outline)
    mask[y : y + high + 1, x : x + wide + 1] = 1
    cut: SoftMask = mask * outline
    return cut


def altered(pixels: Pixels, kind: str, rng: _Rng) -> Pixels:
    """Colours and tone shifted, or fewer pixels or sharper edges."""
    if kind == "colour":
        return shift_tone(shift_hue(shift_colours(pixels, rng, 1.0), rng), rng, 0.1)
    height, width = pixels.shape[:2]
    if rng.random() < 0.5:
        share = int(rng.choice((2, 4)))
        few = (max(1, width // share), max(1, height // share))
        small = cv2.resize(pixels, few, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height)), np.uint8)
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    strength = float(rng.uniform(0.5, 1.5))
    return np.asarray(cv2.addWeighted(pixels, 1 + strength, soft, -strength, 0), np.uint8)


def discrepant(portrait: Portrait, kind: int, rng: _Rng) -> tuple[Pixels, SoftMask]:
    """The face with a change of a kind, and how much of each pixel is changed (0…1).

    What is laid on is moved and scaled a little too; which of both copies is altered is drawn.
    """
    place, which = divmod(kind, len(TYPES))
    pixels = portrait.pixels
    part = cell(hull(pixels.shape[:2], portrait.points, forehead=False), place)
    other = altered(pixels, TYPES[which], rng)
    above, below = (other, pixels) if rng.random() < 0.5 else (pixels, other)
    above, _ = move(above, part, rng)
    reach = max(0.6, _SOFT * float(np.hypot(*(portrait.points[1] - portrait.points[0]))))
    soft = cv2.GaussianBlur(np.clip(bend(part, rng), 0, 1), (0, 0), reach)
    mask = np.asarray(soft, np.float32)
    mixed = below + (above.astype(np.float32) - below) * mask[..., None]
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8), mask
