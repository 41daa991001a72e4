"""Where somebody speaks: level, periodicity and their change, in numpy, as the sound arrives.

A frame of 40 ms is *voiced* when it stands out of the background and repeats with the period of a
voice (75 … 400 Hz). Speech is what lies around voiced frames, where the level moves like syllables.
A steady hum or tone is periodic but does not move; noise moves but is not periodic. Song with
accompaniment may pass for speech.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples

RATE = 16000
STEP = 640
"""Samples of one frame: 40 ms."""
_SIZE = 1280
_QUIETEST = -62.0
"""Level (dB of full scale) under which nothing counts as speech."""
_SILENT = -80.0
_OVER_FLOOR = 6.0
_PERIODIC = 0.5
_AROUND = 5
"""Frames on either side of a voiced one that belong to speech: consonants, short stops."""
_MOVES = 2.5
"""Standard deviation of the level in dB, within 1.2 s, that syllables reach."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry a frame of 40 ms: ``levels`` in dB of full scale, ``speech`` yes or no."""

    levels: NDArray[np.float32]
    speech: NDArray[np.bool_]

    @property
    def silent(self) -> bool:
        """Whether there is nothing at all to hear."""
        return self.levels.size == 0 or float(self.levels.max()) < _SILENT

    @property
    def seconds(self) -> float:
        """Seconds of speech."""
        return float(self.speech.sum()) * STEP / RATE


class Meter:
    """Takes mono sound at 16 kHz in blocks of any size; keeps two small numbers a frame."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._levels: list[NDArray[np.float16]] = []
        self._periodicity: list[NDArray[np.float16]] = []

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""
        self._rest = np.concatenate([self._rest, samples]) if self._rest.size else samples
        count = (self._rest.size - _SIZE) // STEP + 1
        if count > 0:
            self._measure(count)
            self._rest = self._rest[count * STEP :].copy()

    def finish(self) -> Activity:
        """What was heard. The last samples are judged with silence after them."""
        if self._rest.size:
            count = -(-self._rest.size // STEP)
            missing = (count - 1) * STEP + _SIZE - self._rest.size
            self._rest = np.pad(self._rest, (0, max(0, missing)))
            self._measure(count)
            self._rest = self._rest[:0]
        if not self._levels:
            return Activity(np.zeros(0, np.float32), np.zeros(0, np.bool_))
        levels = np.concatenate(self._levels).astype(np.float32)
        periodicity = np.concatenate(self._periodicity).astype(np.float32)
        return Activity(levels, _speech(levels, periodicity))

    def _measure(self, count: int) -> None:
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, _SIZE)[::STEP][:count]
        for at in range(0, count, 512):
            part = frames[at : at + 512].astype(np.float32)
            part = part - part.mean(axis=1, keepdims=True)
            power = np.mean(np.square(part), axis=1)
            self._levels.append((10 * np.log10(power + 1e-12)).astype(np.float16))
            self._periodicity.append(_repeats(part).astype(np.float16))


def _repeats(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest normalised autocorrelation at the periods of a voice, 0 … 1, for each frame."""
    shortest, longest = RATE // 400, RATE // 75
    spectrum = np.fft.rfft(frames, 2048)
    keep = np.fft.rfftfreq(2048, 1 / RATE)
    spectrum[:, (keep < 60) | (keep > 2000)] = 0
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)
    # A shorter overlap at longer lags is made good, or low voices would seem less periodic.
    overlap = _SIZE / (_SIZE - np.arange(longest + 1))
    value = correlation[:, : longest + 1] * overlap
    best = value[:, shortest:].max(axis=1) / np.maximum(value[:, 0], 1e-9)
    return np.asarray(np.clip(best, 0, 1), np.float32)


def _speech(levels: NDArray[np.float32], periodicity: NDArray[np.float32]) -> NDArray[np.bool_]:
    floor = float(np.percentile(levels, 5))
    loud = float(np.percentile(levels, 95))
    # In speech without pauses the fifth percentile is speech itself: then 30 dB under the loud.
    floor = min(floor + _OVER_FLOOR, loud - 8)
    heard = levels > max(floor, _QUIETEST, loud - 35)
    voiced = heard & (periodicity > _PERIODIC)
    near = np.convolve(voiced, np.ones(2 * _AROUND + 1), "same")[: levels.size] > 0.5
    span = 30
    if levels.size < span // 2:
        return near & heard & (float(levels.std()) > _MOVES)
    held = np.maximum(levels, loud - 35).astype(np.float64)
    window = np.ones(span)
    count = np.convolve(np.ones(levels.size), window, "same")[: levels.size]
    mean = np.convolve(held, window, "same")[: levels.size] / count
    square = np.convolve(held**2, window, "same")[: levels.size] / count
    moves = np.sqrt(np.maximum(square - mean**2, 0)) > _MOVES
    return np.asarray(near & moves & (levels > _QUIETEST))
