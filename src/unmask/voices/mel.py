"""Mel spectrograms as the speaker encoder was trained on: power, no logarithm.

25 ms windows (Hann) every 10 ms, centred, 40 bands of Slaney's scale (linear under 1 kHz) with
triangles of equal area, 0 … 8 kHz.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples, Tensor

BANDS = 40
_SIZE, _STEP, _RATE = 400, 160, 16000
_LINEAR = 200 / 3
"""Hertz of one mel under 1 kHz."""
_LOG_FROM = 1000.0
_LOG_STEP = np.log(6.4) / 27


def _to_mel(hertz: float) -> float:
    if hertz < _LOG_FROM:
        return hertz / _LINEAR
    return float(_LOG_FROM / _LINEAR + np.log(hertz / _LOG_FROM) / _LOG_STEP)


def _to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = _LOG_FROM / _LINEAR
    high = _LOG_FROM * np.exp(_LOG_STEP * (mel - turn))
    return np.where(mel < turn, mel * _LINEAR, high)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float64]:
    """Weights of the 201 frequencies in each band: bands × frequencies."""
    edges = _to_hertz(np.linspace(0, _to_mel(_RATE / 2), BANDS + 2))
    frequencies = np.fft.rfftfreq(_SIZE, 1 / _RATE)
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    area = (edges[2:] - edges[:-2])[:, None] / 2
    return np.maximum(0, np.minimum(rising, falling)) / area


def spectrogram(samples: Samples) -> Tensor:
    """Frames × 40 bands of mono sound at 16 kHz; the n-th frame is centred on second n / 100."""
    padded = np.pad(samples.astype(np.float32), _SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_STEP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_SIZE) / _SIZE)
    bands = []
    for at in range(0, len(frames), 1024):
        power = np.abs(np.fft.rfft(frames[at : at + 1024] * window)) ** 2
        bands.append((power @ _filters().T).astype(np.float32))
    return np.concatenate(bands)
