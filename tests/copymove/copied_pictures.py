"""Small pictures with and without a copied part."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.media.blur import blurred
from unmask.types import Pixels

HEIGHT, WIDTH = 220, 300
TAKEN, LAID = (30, 60), (190, 110)
"""Left and top of the part that is taken, and of where it is laid."""
SIDE = 72


def photo(seed: int, grain: float = 3.0) -> Pixels:
    """Shapes of all sizes with grain, as a camera gives; nothing in it is there twice."""
    rng = np.random.default_rng(seed)
    grey = np.zeros((HEIGHT, WIDTH), np.float32)
    for sigma, height in ((0.7, 12), (1.5, 16), (4, 24), (10, 32), (25, 36)):
        noise = blurred(rng.normal(size=grey.shape).astype(np.float32), sigma)
        grey += height * noise / noise.std()
    colours = np.stack([grey, 0.9 * grey + 6, 0.8 * grey - 4], -1) + 120
    return whole(colours + rng.normal(0, grain, colours.shape))


def whole(values: NDArray[np.floating]) -> Pixels:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


def moved(pixels: Pixels, degrees: float = 0.0, mirrored: bool = False) -> Pixels:
    """The part laid at the other place, turned about its middle or mirrored; a disc of it."""
    left, top = TAKEN
    part = Image.fromarray(pixels).crop((left, top, left + SIDE, top + SIDE))
    if mirrored:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if degrees:
        part = part.rotate(degrees, Image.Resampling.BICUBIC)
    out = pixels.copy()
    hole = out[LAID[1] : LAID[1] + SIDE, LAID[0] : LAID[0] + SIDE]
    hole[disc()] = np.asarray(part)[disc()]
    return out


def disc() -> NDArray[np.bool_]:
    away = np.arange(SIDE) - (SIDE - 1) / 2
    return np.hypot(away[:, None], away[None]) < SIDE / 2


def placed(corner: tuple[int, int]) -> NDArray[np.bool_]:
    """The disc at a place of the whole picture."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[corner[1] : corner[1] + SIDE, corner[0] : corner[0] + SIDE] = disc()
    return mask


def packed(pixels: Pixels, quality: int = 90) -> Pixels:
    """As it is after saving as JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def twins(seed: int, shared: bool) -> Pixels:
    """One thing seen twice: the same shapes at both places, the grain shared or not."""
    smooth = photo(seed, grain=0)
    rng = np.random.default_rng(seed)
    if shared:
        return moved(whole(smooth + rng.normal(0, 12, smooth.shape)))
    return whole(moved(smooth) + rng.normal(0, 12, smooth.shape))


def bricks(seed: int) -> Pixels:
    """A wall: every brick the same but for light and grain."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shifted = columns + 18 * (rows // 20 % 2)
    joint = (rows % 20 < 3) | (shifted % 36 < 3)
    brick = 20 * np.sin(shifted % 36 / 4) * np.cos(rows % 20 / 3)
    grey = np.where(joint, 190, 110 + brick) + columns / 20
    return whole(grey[..., None] + rng.normal(0, 2, (HEIGHT, WIDTH, 3)))


def checks() -> Pixels:
    """A drawn checkerboard."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    grey = np.where((rows // 16 + columns // 16) % 2, 230, 20)
    return whole(np.repeat(grey[..., None], 3, axis=2).astype(float))
