"""How a face becomes an input: its size, laundering, framing and what lies around the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from unmask.forge.launder import Chain, draw_chain
from unmask.types import Box, Pixels


@dataclass(frozen=True, slots=True)
class Plan:
    """How a face becomes an input; real and fake of a pair share it."""

    face_side: float
    chain: Chain
    margin: float
    shift: tuple[float, float]
    flip: bool
    surround: str


def draw_plan(rng: np.random.Generator, largest: float, strength: float) -> Plan:
    """Draw a face size in pixels (up to ``largest``), laundering, framing and surroundings.

    The stronger the laundering, the oftener the face is made smaller than it was.
    """
    smaller = rng.random() < 0.5 * strength
    side = float(np.exp(rng.uniform(np.log(60), np.log(220)))) if smaller else 1e9
    return Plan(
        min(side, largest),
        draw_chain(rng, strength),
        float(rng.uniform(1.15, 1.6)),
        (float(rng.normal(0, 0.04)), float(rng.normal(0, 0.04))),
        bool(rng.random() < 0.5),
        str(rng.choice(["kept", "tile", "bokeh", "bars"], p=[0.78, 0.09, 0.08, 0.05])),
    )


def surround(pixels: Pixels, box: Box, way: str, other: Pixels, seed: int) -> Pixels:
    """Change what lies around the head, as collages, portrait modes and frames do.

    It is done alike to real and fake, so that an edge around the head alone proves nothing.
    """
    if way == "kept":
        return pixels
    rng = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    if way == "bokeh":
        mask = np.zeros((height, width), np.float32)
        centre = (int(box.x + box.width / 2), int(box.y + box.height * 0.42))
        axes = (int(box.width * rng.uniform(0.68, 0.85)), int(box.height * rng.uniform(0.7, 0.9)))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
        mask[centre[1] :, max(0, centre[0] - axes[0] // 2) : centre[0] + axes[0] // 2] = 1
        mask = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 5)))[:, :, None]
        soft = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(1.5, 6))).astype(np.float32)
        bokeh: Pixels = (soft + (pixels - soft) * mask + 0.5).astype(np.uint8)
        return bokeh
    reach = rng.uniform(0.02, 0.22, 4) * max(box.width, box.height)
    left = int(max(0, box.x - reach[0]))
    top = int(max(0, box.y - reach[1]))
    right = int(min(width, box.x + box.width + reach[2]))
    bottom = int(min(height, box.y + box.height + reach[3]))
    if way == "bars":
        framed = np.full_like(pixels, int(rng.choice([0, 255, int(rng.integers(256))])))
    else:
        framed = np.ascontiguousarray(cv2.resize(other, (width, height)))
    rows = slice(top, bottom) if rng.random() < 0.7 else slice(0, height)
    columns = slice(left, right) if rng.random() < 0.7 else slice(0, width)
    framed[rows, columns] = pixels[rows, columns]
    return framed
