"""Small pictures and sounds that look and sound like something, made from numbers alone."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image, ImageFilter

RATE = 16_000


def scene(seed: int, width: int = 360, height: int = 270) -> Image.Image:
    """Blobs, edges and grain, unlike those of any other seed."""
    luck = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3), np.float32) + luck.uniform(60, 180, 3)
    rows, columns = np.mgrid[:height, :width]
    for _ in range(60):
        x, y, size = luck.uniform(0, width), luck.uniform(0, height), luck.uniform(8, 60)
        shape = np.abs(columns - x) + np.abs(rows - y) < size
        if luck.random() < 0.5:
            shape = np.hypot(columns - x, rows - y) < size
        pixels[shape] = luck.uniform(0, 255, 3)
    pixels += luck.normal(0, 4, pixels.shape)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def jpeg(image: Image.Image, quality: int = 75) -> NDArray[np.uint8]:
    """The picture after saving as JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(out.getvalue())).convert("RGB"))


def tune(seed: int, seconds: float) -> NDArray[np.float32]:
    """Tones that change several times a second, with noise."""
    luck = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * RATE:
        time = np.arange(round(luck.uniform(0.08, 0.25) * RATE)) / RATE
        part = sum(
            np.sin(2 * np.pi * f * time + luck.uniform(0, 6)) for f in luck.uniform(250, 3200, 5)
        )
        parts.append(part * np.hanning(len(time)) ** 0.3 * 0.08)
    wave = np.concatenate(parts)[: round(seconds * RATE)]
    return (wave + luck.normal(0, 0.004, len(wave))).astype(np.float32)


def write_tune(path: Path, wave: NDArray[np.float32]) -> Path:
    soundfile.write(path, wave, RATE)
    return path
