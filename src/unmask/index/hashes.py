"""A perceptual hash of a whole picture: 256 bits that survive saving, scaling and mild edits.

Facebook 2019, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm",
sections 3 and 4. The picture is brought to 64 × 64 luma by box averages (Pillow's, in place of the
paper's two passes of a running mean), and the signs of the cosine coefficients 1 to 16 of both
directions against their median are the bits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.media.luma import luma
from unmask.types import Pixels, Tensor

Words = NDArray[np.uint64]
"""Packed bits: four words are one hash."""

SIDE, KEPT = 64, 16
BITS = KEPT * KEPT
LEAST_QUALITY = 20
"""Below this a picture is too plain to be told from others by its hash."""
TURNS = tuple(range(1, 9))
"""The eight ways in which a picture can be turned and mirrored, as EXIF orientations."""


@lru_cache(maxsize=1)
def _cosines() -> Tensor:
    """Rows: the cosines 1 to 16 over 64 samples."""
    k, n = np.arange(1, KEPT + 1)[:, None], np.arange(SIDE)[None]
    basis = np.sqrt(2 / SIDE) * np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE))
    return np.asarray(basis, np.float32)


def scaled_luma(pixels: Pixels, width: int, height: int) -> Tensor:
    """Luma of a picture, averaged down to height × width, 0…255."""
    image = Image.fromarray(pixels)
    small = image.resize((width, height), Image.Resampling.BOX, reducing_gap=None)
    return luma(np.asarray(small, np.float32))


def spectrum(pixels: Pixels) -> tuple[Tensor, int]:
    """The 16 × 16 coefficients that are hashed, and the quality of the hash, 0…100."""
    small = scaled_luma(pixels, SIDE, SIDE)
    cosines = _cosines()
    return np.asarray(cosines @ small @ cosines.T, np.float32), _quality(small)


def _quality(small: Tensor) -> int:
    """How much there is to see: the sum of visible steps between neighbours (section 3.5)."""
    steps = sum(float(np.trunc(np.abs(np.diff(small, axis=a)) * (100 / 255)).sum()) for a in (0, 1))
    return min(100, int(steps / 90))


def turned_spectrum(coefficients: Tensor, turn: int) -> Tensor:
    """The coefficients of the picture after ``unmask.media.image.turned(pixels, turn)``."""
    signs = np.where(np.arange(KEPT) % 2 == 0, -1.0, 1.0).astype(np.float32)
    if turn in (5, 6, 7, 8):
        coefficients = coefficients.T
    if turn in (2, 3, 6, 7):
        coefficients = coefficients * signs[None]
    if turn in (3, 4, 7, 8):
        coefficients = coefficients * signs[:, None]
    return coefficients


def packed(coefficients: Tensor) -> Words:
    """The hash of 16 × 16 coefficients, as four words."""
    bits = coefficients > np.median(coefficients)
    return np.packbits(bits.reshape(-1)).view(np.uint64)


def distances(hashes: Words, one: Words) -> NDArray[np.uint16]:
    """Bits in which each of N × 4 hashes differs from one."""
    return np.asarray(np.bitwise_count(hashes ^ one[None]).sum(1), np.uint16)
