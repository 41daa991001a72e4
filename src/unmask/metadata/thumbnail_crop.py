"""Is the picture a part of its thumbnail? Sought at all places and twelve scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.metadata.thumbnail_grey import Grey, resized


def as_crop(picture: Grey, thumbnail: Grey) -> float:
    """The best correlation of the picture with any part of the thumbnail, over twelve scales."""
    best = 0.0
    shape = picture.shape[0] / picture.shape[1]
    rows, columns = thumbnail.shape
    for scale in np.linspace(0.4, 0.95, 12):
        wide = int(columns * scale)
        high = round(wide * shape)
        if high < 16 or wide < 16 or high > rows:
            continue
        best = max(best, _sought(resized(picture, high, wide), thumbnail))
    return best


def _sought(part: Grey, whole: Grey) -> float:
    """Highest normalised correlation of ``part`` at all places of ``whole``."""
    high, wide = part.shape
    part = part - part.mean()
    spectrum = np.fft.rfft2(whole - whole.mean())
    product = spectrum * np.conj(np.fft.rfft2(part, whole.shape))
    inner = np.fft.irfft2(product, whole.shape)
    inner = inner[: whole.shape[0] - high + 1, : whole.shape[1] - wide + 1]
    power = _sums(whole**2, high, wide) - _sums(whole, high, wide) ** 2 / part.size
    norm = np.sqrt(np.maximum(power, 1.0) * float((part**2).sum() + 1e-6))
    return float((inner / norm).max())


def _sums(values: Grey, high: int, wide: int) -> NDArray[np.float64]:
    """Sums over all windows of a size."""
    table = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    result: NDArray[np.float64] = (
        table[high:, wide:] - table[:-high, wide:] - table[high:, :-wide] + table[:-high, :-wide]
    )
    return result
