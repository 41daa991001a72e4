"""Speed, pitch, echo, smoothing and coarse steps: what people do to a recording by hand.

Length stays: a recording that became shorter ends in silence, a longer one is cut.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from unmask.types import Samples

_SIZE, _HOP = 1024, 256


def _fit(samples: NDArray[np.floating], length: int) -> Samples:
    out = np.zeros(length, np.float32)
    out[: min(length, samples.size)] = samples[:length]
    return out


def echo(samples: Samples, rate: int, volume: float, seconds: float = 0.1) -> Samples:
    """The recording and, ``seconds`` later, itself again at ``volume``; the peak stays."""
    late = _fit(np.pad(samples, (max(1, int(rate * seconds)), 0)), samples.size)
    both = samples + volume * late
    peak = float(np.max(np.abs(both), initial=0.0))
    level = float(np.max(np.abs(samples), initial=0.0)) / peak if peak else 1.0
    return np.asarray(both * level, np.float32)


def smooth(samples: Samples, width: int) -> Samples:
    """The mean of ``width`` samples in place of each, without delay."""
    padded = np.pad(samples, ((width - 1) // 2, width // 2))
    return np.asarray(np.convolve(padded, np.full(width, 1 / width), "valid"), np.float32)


def quantised(samples: Samples, levels: int) -> Samples:
    """As many equal steps between the lowest and the highest sample."""
    low, high = float(samples.min(initial=0.0)), float(samples.max(initial=0.0))
    if high == low:
        return samples
    unit = (samples - low) / (high - low)
    return np.asarray(np.round(unit * (levels - 1)) / (levels - 1) * (high - low) + low, np.float32)


def vocoded(samples: Samples, factor: float) -> Samples:
    """``factor`` times as fast at the same pitch, the length changes.

    A phase vocoder whose bins take the phase of their stronger neighbours (Puckette 1995).
    """
    window = np.hanning(_SIZE + 1)[:-1]
    padded = np.pad(samples.astype(np.float64), _SIZE)
    starts = np.arange(0, padded.size - _SIZE, _HOP)
    frames = padded[starts[:, None] + np.arange(_SIZE)] * window
    spectrum = np.fft.rfft(frames, axis=1)
    level, phase = np.abs(spectrum), np.angle(spectrum)
    steady = 2 * np.pi * _HOP * np.arange(spectrum.shape[1]) / _SIZE
    turn = np.diff(phase, axis=0) - steady
    advance = steady + turn - 2 * np.pi * np.round(turn / (2 * np.pi))
    at = np.arange(0, len(spectrum) - 1, factor)
    left = at.astype(int)
    share = (at - left)[:, None]
    heights = level[left] * (1 - share) + level[left + 1] * share
    turns = np.concatenate([phase[:1], advance[left[:-1]]]).cumsum(axis=0)
    free = np.pad(heights * np.exp(1j * turns), ((0, 0), (1, 1)))
    locked = np.angle(free[:, 1:-1] - free[:, :-2] - free[:, 2:])
    parts = np.fft.irfft(heights * np.exp(1j * locked), _SIZE, axis=1) * window
    out = np.zeros((len(parts) - 1) * _HOP + _SIZE)
    weight = np.zeros_like(out)
    for n, part in enumerate(parts):
        out[n * _HOP : n * _HOP + _SIZE] += part
        weight[n * _HOP : n * _HOP + _SIZE] += window**2
    out /= np.maximum(weight, 0.1)
    begin = round(_SIZE / factor)
    return out[begin : begin + round(samples.size / factor)].astype(np.float32)


def stretched(samples: Samples, factor: float) -> Samples:
    """``factor`` times as fast at the same pitch."""
    return _fit(vocoded(samples, factor), samples.size)


def pitched(samples: Samples, rate: int, semitones: float) -> Samples:
    """Another pitch at the same speed."""
    ratio = 2 ** (semitones / 12)
    return _fit(soxr.resample(vocoded(samples, 1 / ratio), rate * ratio, rate), samples.size)
