"""A small encoder of the marks, written from what the published one does, to test the reader."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STEP = 36.0
FORWARD = np.array([[0.299, 0.587, 0.114]])


def photo(height: int = 512, width: int = 512, seed: int = 0) -> np.ndarray:
    """A colourful smooth picture with grain: uint8, RGB."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / rng.uniform(15, 60) + y / rng.uniform(20, 90)) for _ in range(3)]
    smooth = 128 + 60 * np.stack(waves, -1)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def marked(
    pixels: np.ndarray, bits: Sequence[int], arithmetic: str = "bytes", order: str = "bgr"
) -> np.ndarray:
    """The picture with a message in the method "dwtDct"."""
    rgb = pixels.astype(np.float64)
    rgb = rgb if order == "bgr" else rgb[..., ::-1]
    light = (rgb * FORWARD).sum(-1)
    chroma = 0.492 * (rgb[..., 2] - light) + (128 if arithmetic == "bytes" else 0.5)
    other = 0.877 * (rgb[..., 0] - light)
    if arithmetic == "bytes":
        chroma = np.round(chroma)
    height, width = (side // 8 * 8 for side in chroma.shape)
    for number, (top, left) in enumerate(
        (top, left) for top in range(0, height, 8) for left in range(0, width, 8)
    ):
        block = chroma[top : top + 8, left : left + 8]
        low = block.reshape(4, 2, 4, 2).sum((1, 3)) / 2
        place = 1 + int(np.abs(low.ravel()[1:]).argmax())
        row, column = divmod(place, 4)
        value = low[row, column]
        phase = 0.25 + 0.5 * bits[number % len(bits)]
        wanted = np.copysign((abs(value) // STEP + phase) * STEP, value)
        block[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] += (wanted - value) / 2
    if arithmetic == "bytes":
        chroma = np.floor(np.clip(chroma, 0, 255))
    blue = light + (chroma - (128 if arithmetic == "bytes" else 0.5)) / 0.492
    red = light + other / 0.877
    green = (light - 0.299 * red - 0.114 * blue) / 0.587
    out = np.clip(np.round(np.stack([red, green, blue], -1)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(out if order == "bgr" else out[..., ::-1])
