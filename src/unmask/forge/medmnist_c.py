"""Corruptions of MedMNIST-C, at the severities that it gives its photographs of skin.

Of the twelve sets of that benchmark DermaMNIST alone was taken with cameras for everybody's eyes,
so its table is the one that means something for other pictures. Numbers and order of operations
follow the authors' library (francescodisalvo05/medmnistc-api, ``registry.py``). Left out: motion
blur, which is that of ImageMagick, zoom blur, and the black corners and characters that are drawn
over a slide. Radii are in pixels; the authors' pictures have 224 a side.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from unmask.errors import SettingError
from unmask.forge.operations import jpeg
from unmask.types import Pixels

CITATION = (
    "Di Salvo, Doerrich, Ledig: MedMNIST-C: Comprehensive benchmark and improved classifier "
    "robustness by simulating realistic image corruptions. arXiv 2406.17536, 2024"
)
URL = "https://arxiv.org/abs/2406.17536"
LEVELS: dict[str, tuple[float, ...]] = {
    "skin-pixelate": (0.7, 0.5, 0.4, 0.3, 0.25),
    "skin-jpeg": (30, 20, 15, 10, 7),
    "skin-noise": (0.04, 0.08, 0.12, 0.18, 0.26),
    "skin-speckle": (0.05, 0.15, 0.2, 0.35, 0.45),
    "skin-impulse": (0.01, 0.03, 0.06, 0.09, 0.17),
    "skin-shot": (60, 25, 18, 10, 5),
    "skin-defocus": (4, 5, 6, 7, 8),
    "skin-bright": (1.1, 1.2, 1.3, 1.4, 1.5),
    "skin-dark": (0.9, 0.8, 0.7, 0.6, 0.5),
    "skin-contrast-up": (1.1, 1.2, 1.3, 1.4, 1.6),
    "skin-contrast-down": (0.8, 0.7, 0.6, 0.5, 0.4),
}
"""The five severities of each: factor of size, JPEG quality, standard deviation or share of
values (of full scale), photons at full scale, radius in pixels, or factor."""
_SOFTENED = {4: 0.1, 5: 0.2, 6: 0.3, 7: 0.4, 8: 0.5}
"""Standard deviation of the blur over the edge of a defocus disk, by its radius."""
_Unit = NDArray[np.float64]


def pixelated(pixels: Pixels, factor: float) -> Pixels:
    """``factor`` times the size and back, by box filters."""
    height, width = pixels.shape[:2]
    small = (max(1, int(width * factor)), max(1, int(height * factor)))
    picture = Image.fromarray(pixels).resize(small, Image.Resampling.BOX)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def defocused(pixels: Pixels, radius: float) -> Pixels:
    """Every point a disk of ``radius`` pixels, 4 to 8, with a softened edge."""
    import cv2

    reach = np.arange(-8, 9)
    disk = ((reach[None, :] ** 2 + reach[:, None] ** 2) <= radius**2).astype(np.float32)
    kernel = cv2.GaussianBlur(disk / disk.sum(), (3, 3), _SOFTENED[round(radius)])
    return _back(cv2.filter2D(pixels / 255.0, -1, kernel))


def brightened(pixels: Pixels, factor: float) -> Pixels:
    """Every value ``factor`` times as large."""
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(factor))


def contrasted(pixels: Pixels, factor: float) -> Pixels:
    """Every value ``factor`` times as far from the mean grey of the picture."""
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(factor))


def impulses(unit: _Unit, share: float, rng: np.random.Generator) -> _Unit:
    """This share of all values black or white, each as often."""
    hit = rng.random(unit.shape) < share
    return np.where(hit, (rng.random(unit.shape) < 0.5).astype(float), unit)


_DRAWN: dict[str, Callable[[_Unit, float, np.random.Generator], _Unit]] = {
    "skin-noise": lambda unit, sigma, rng: unit + rng.normal(size=unit.shape, scale=sigma),
    "skin-speckle": lambda unit, sigma, rng: unit * (1 + rng.normal(size=unit.shape, scale=sigma)),
    "skin-impulse": impulses,
    "skin-shot": lambda unit, photons, rng: rng.poisson(unit * photons) / photons,
}
_PLAIN: dict[str, Callable[[Pixels, float], Pixels]] = {
    "skin-pixelate": pixelated,
    "skin-jpeg": lambda pixels, quality: jpeg(pixels, round(quality)),
    "skin-defocus": defocused,
    "skin-bright": brightened,
    "skin-dark": brightened,
    "skin-contrast-up": contrasted,
    "skin-contrast-down": contrasted,
}


def corrupted(name: str, pixels: Pixels, amount: float) -> Pixels:
    """One corruption of ``LEVELS``; what it draws follows from the picture alone.

    Raises SettingError for a name that is not there.
    """
    if name in _PLAIN:
        return _PLAIN[name](pixels, amount)
    if name not in _DRAWN:
        known = ", ".join(LEVELS)
        raise SettingError(f"No corruption of MedMNIST-C is called {name!r}. There are: {known}.")
    rng = np.random.default_rng(zlib.crc32(pixels.tobytes()))
    return _back(_DRAWN[name](pixels / 255.0, amount, rng))


def _back(unit: _Unit) -> Pixels:
    """Values of 0 … 1 as bytes, cut off as the authors do."""
    return (np.clip(unit, 0, 1) * 255).astype(np.uint8)
