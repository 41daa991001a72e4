"""Heavy but honest processing of whole pictures, and saves that came before an edit.

Each operation keeps size and geometry. ``processed`` draws one; the same may be laid over a real
picture and over the forgery made from it, or over the real one alone as a hard negative.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unmask.forge.launder import Step
from unmask.forge.operations import blur, jpeg, noise, resize, sharpen
from unmask.types import Pixels

Rng = np.random.Generator


def saved(
    pixels: Pixels, quality: int, subsampling: int = 2, down: int = 0, right: int = 0
) -> Pixels:
    """One JPEG save of a larger picture whose blocks begin ``down`` and ``right`` pixels before."""
    padded = np.pad(pixels, ((down, 0), (right, 0), (0, 0)), mode="symmetric")
    again = jpeg(padded, quality, subsampling)[down:, right:]
    return np.ascontiguousarray(again)


def earlier_save(rng: Rng) -> Step:
    """A save before the edit, of quality 50 to 97; half the time on the picture's own grid."""
    offsets = (0, 0) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(8, size=2))
    quality = int(rng.integers(50, 98))
    return Step(saved, (quality, int(rng.choice([0, 2, 2])), *offsets))


def median(pixels: Pixels, side: int) -> Pixels:
    """Median filter of ``side`` × ``side`` pixels (odd)."""
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(pixels), side), np.uint8)


def denoised(pixels: Pixels, colour: float, space: float) -> Pixels:
    """Bilateral filter (Tomasi, Manduchi 1998), as cameras and portrait filters smooth."""
    return np.asarray(cv2.bilateralFilter(np.ascontiguousarray(pixels), 0, colour, space), np.uint8)


def palette(pixels: Pixels, colours: int, dithered: int) -> Pixels:
    """At most ``colours`` colours, as in a GIF; ``dithered`` 1 spreads the error."""
    spread = Image.Dither.FLOYDSTEINBERG if dithered else Image.Dither.NONE
    picture = Image.fromarray(pixels)
    table = picture.quantize(colours)
    return np.asarray(picture.quantize(palette=table, dither=spread).convert("RGB"))


def doubled(pixels: Pixels, factor: int) -> Pixels:
    """Every ``factor``-th pixel repeated that often each way: magnified without a filter."""
    height, width = pixels.shape[:2]
    kept = pixels[::factor, ::factor]
    return np.ascontiguousarray(kept.repeat(factor, 0).repeat(factor, 1)[:height, :width])


def printed(pixels: Pixels, pitch: float, softness: float, seed: int) -> Pixels:
    """A halftone print that was scanned: a dot screen at 45 degrees, soft, with paper grain."""
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    turn = np.pi / pitch
    screen = np.sin((rows + columns) * turn) * np.sin((rows - columns) * turn) * 90
    made = np.clip(pixels + screen[..., None], 0, 255).astype(np.uint8)
    return noise(blur(made, softness), 1.5, seed, 0.7)


def equalised(pixels: Pixels, limit: float) -> Pixels:
    """Local contrast pulled up (CLAHE, Zuiderveld 1994), as strong HDR filters do."""
    lab = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(limit, (4, 4)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def enlarged(pixels: Pixels, factor: float, down: int, percent: int) -> Pixels:
    """Shrunk and enlarged again by Lanczos, then sharpened: a classical up-scaler."""
    return sharpen(resize(pixels, factor, down, 2), percent)


def gif(pixels: Pixels) -> Pixels:
    """Through a GIF file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "GIF")
    return np.asarray(Image.open(buffer).convert("RGB"))


def processed(rng: Rng) -> Step:
    """One drawn operation; soft and enlarged pictures are the most frequent."""
    seed = int(rng.integers(2**31))
    listed: tuple[tuple[float, Step], ...] = (
        (0.22, Step(blur, (float(rng.uniform(0.6, 2.5)),))),
        (0.18, Step(resize, (float(rng.uniform(0.35, 0.7)), int(rng.integers(4)), 1))),
        (0.12, Step(enlarged, (float(rng.uniform(0.3, 0.8)), 3, int(rng.integers(40, 200))))),
        (0.12, Step(denoised, (float(rng.uniform(10, 50)), float(rng.uniform(1.5, 4))))),
        (0.08, Step(median, (int(rng.choice([3, 3, 5])),))),
        (0.06, Step(sharpen, (int(rng.integers(80, 300)),))),
        (0.06, Step(equalised, (float(rng.uniform(1, 4)),))),
        (0.04, Step(palette, (int(rng.choice([32, 64, 128, 256])), int(rng.integers(2))))),
        (0.03, Step(gif, ())),
        (0.04, Step(doubled, (int(rng.choice([2, 3])),))),
        (0.05, Step(printed, (float(rng.uniform(2.5, 6)), float(rng.uniform(0.6, 1.5)), seed))),
    )
    shares = np.array([share for share, _ in listed])
    return listed[int(rng.choice(len(listed), p=shares / shares.sum()))][1]


_WORDS = "the of and to in is it you that he was for on are with as his they be at one have this"


def page(side: int, rng: Rng) -> Pixels:
    """A piece of a drawn screen: panels of flat colour or a gradient, lines and text."""
    light = bool(rng.random() < 0.6)

    def colour() -> tuple[int, int, int]:
        base = rng.integers(190, 256) if light else rng.integers(0, 80)
        red, green, blue = np.clip(base + rng.integers(-30, 31, 3), 0, 255)
        return int(red), int(green), int(blue)

    picture = Image.new("RGB", (side, side), colour())
    if rng.random() < 0.4:
        ramp = np.linspace(0, 1, side)[:, None, None]
        blend = np.array(colour()) * ramp + np.array(colour()) * (1 - ramp)
        picture = Image.fromarray(np.broadcast_to(blend, (side, side, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 6))):
        x, y = (int(v) for v in rng.integers(-side // 4, side, 2))
        wide, high = (int(v) for v in rng.integers(10, side, 2))
        rim = colour() if rng.random() < 0.5 else None
        draw.rounded_rectangle((x, y, x + wide, y + high), int(rng.integers(12)), colour(), rim)
    words = _WORDS.split()
    ink = tuple(int(v) for v in (rng.integers(0, 90, 3) if light else rng.integers(170, 256, 3)))
    for _ in range(int(rng.integers(1, 7))):
        font = ImageFont.load_default(float(rng.uniform(8, 26)))
        said = " ".join(words[i] for i in rng.integers(len(words), size=int(rng.integers(1, 8))))
        x, y = (int(v) for v in rng.integers(-10, side, 2))
        draw.text((x, y), said, ink, font)
    return np.asarray(picture)
