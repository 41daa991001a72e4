"""How a face becomes an input: its camera, size, laundering, framing and what lies around it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from unmask.forge.blend import Portrait, mismatch
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


def nearer(portrait: Portrait, box: Box, rng: np.random.Generator) -> tuple[Portrait, Box]:
    """Cut a portrait down to what framing may need, with a random offset; its box in there.

    The offset also moves the blocks of later codecs against those of the original.
    """
    side = max(box.width, box.height)
    height, width = portrait.pixels.shape[:2]
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    reach = rng.uniform(0.86, 0.98, 4) * side
    left, top = int(max(0, middle[0] - reach[0])), int(max(0, middle[1] - reach[1]))
    right, bottom = int(min(width, middle[0] + reach[2])), int(min(height, middle[1] + reach[3]))
    pixels = np.ascontiguousarray(portrait.pixels[top:bottom, left:right])
    points = (portrait.points - np.array((left, top), np.float32)).astype(np.float32)
    return Portrait(pixels, points), Box(box.x - left, box.y - top, box.width, box.height)


_MOSAICS = (
    (cv2.COLOR_BayerRGGB2RGB, (0, 1, 1, 2)),
    (cv2.COLOR_BayerGRBG2RGB, (1, 0, 2, 1)),
    (cv2.COLOR_BayerRGGB2RGB_EA, (0, 1, 1, 2)),
    (cv2.COLOR_BayerGRBG2RGB_EA, (1, 0, 2, 1)),
)
_SCALERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def mosaic(pixels: Pixels, kind: int) -> Pixels:
    """Keep one colour a pixel, as a sensor does, and draw the others from the neighbours."""
    code, order = _MOSAICS[kind]
    raw = np.empty(pixels.shape[:2], np.uint8)
    for place, channel in enumerate(order):
        row, column = divmod(place, 2)
        raw[row::2, column::2] = pixels[row::2, column::2, channel]
    return np.asarray(cv2.cvtColor(raw, code), np.uint8)


def _grain(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Noise that grows with the light (Foi et al. 2008), fine or clotted."""
    field = np.empty(pixels.shape, np.float32)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(field, 0.0, 1.0)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.4, 1.0))
        field = cv2.GaussianBlur(field, (0, 0), sigma) * (1 + 1.6 * sigma)
    level = np.exp(rng.uniform(np.log(0.5), np.log(5.0)))
    light = np.sqrt(pixels.astype(np.float32) / 255 + 0.1) * np.float32(level)
    return np.clip(pixels + field * light + 0.5, 0, 255).astype(np.uint8)


def _light(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Uneven light: a smooth field of gains, a little different for each colour."""
    height, width = pixels.shape[:2]
    coarse = rng.normal(1, rng.uniform(0.02, 0.15), (2, 2, 1)) * rng.normal(1, 0.03, (1, 1, 3))
    field = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    lit: Pixels = np.clip(pixels * field + 0.5, 0, 255).astype(np.uint8)
    return lit


def _optics(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Another sharpness as a whole: scaled down and up, sharpened with a halo, or denoised."""
    height, width = pixels.shape[:2]
    choice = rng.random()
    if choice < 0.4:
        factor = float(rng.uniform(0.5, 0.95))
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        down, up = (int(way) for way in rng.choice(_SCALERS, 2))
        small_picture = cv2.resize(pixels, small, interpolation=down)
        return np.asarray(cv2.resize(small_picture, (width, height), interpolation=up), np.uint8)
    if choice < 0.7:
        amount, radius = float(rng.uniform(0.2, 1.6)), float(rng.uniform(0.6, 2.2))
        soft = cv2.GaussianBlur(pixels, (0, 0), radius)
        return np.asarray(cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0), np.uint8)
    if choice < 0.85:
        return np.asarray(cv2.bilateralFilter(pixels, 5, float(rng.uniform(8, 40)), 3), np.uint8)
    parts = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    parts[..., 1:] = cv2.GaussianBlur(parts[..., 1:], (0, 0), float(rng.uniform(0.6, 2.5)))
    return np.asarray(cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB), np.uint8)


def camera(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Make a whole picture look as if another camera had taken it; half stay as they are.

    It comes before forging, so both sides of a pair have it: a real that was edited as a whole is
    still real, and traces of one camera alone prove nothing.
    """
    if rng.random() < 0.5:
        return pixels
    if rng.random() < 0.4:
        pixels = _light(pixels, rng)
    if rng.random() < 0.5:
        pixels = _optics(pixels, rng)
    if rng.random() < 0.35:
        pixels = _grain(pixels, rng)
    if rng.random() < 0.25:
        pixels = mosaic(pixels, int(rng.integers(len(_MOSAICS))))
    if rng.random() < 0.25:
        pixels = mismatch(pixels, rng, 0.8)
    return pixels
