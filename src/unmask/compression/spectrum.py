"""The sound of a file as levels by time and frequency, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import AudioBlock

BANDS = 128
"""Equal bands from 0 to half the sampling rate."""
STEPS = 40
"""Frames a second."""
FLOOR = -120.0
"""Level of nothing at all, dB of full scale."""
LONGEST = 600.0
"""Seconds of a recording that are looked at."""
SILENCE = 0.05
"""Seconds of exact zeros from which on they are digital silence."""

Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sound:
    """``levels``: frames × bands, dB; ``rate``: samples a second; ``seconds``: looked at.

    ``silences``: runs of samples that are exactly zero, (start, end) in seconds, but for those at
    the beginning and the end.
    """

    levels: Levels
    rate: int
    seconds: float
    silences: tuple[tuple[float, float], ...]

    def time(self, frame: float) -> float:
        """The second at which a frame begins."""
        return frame / STEPS


def listen(blocks: Iterable[AudioBlock]) -> Sound | None:
    """Take contiguous mono blocks of one rate; None if there is too little sound."""
    rows: list[Levels] = []
    zeros = _Zeros()
    gaps: list[tuple[float, float]] = []
    rest = np.zeros(0, np.float32)
    rate, taken = 0, 0
    for block in blocks:
        rate = block.rate
        zeros.take(block.samples)
        if block.filled:
            gaps.append((taken / rate, (taken + len(block.samples)) / rate))
        taken += len(block.samples)
        rest = np.concatenate([rest, block.samples])
        done, rest = _frames(rest, rate)
        if len(done):
            rows.append(done)
        if taken >= LONGEST * rate:
            break
    if not rows:
        return None
    runs = [(start / rate, end / rate) for start, end in zeros.inside(taken)]
    silences = tuple(run for run in runs if _length(run, gaps) >= SILENCE)
    return Sound(np.concatenate(rows), rate, taken / rate, silences)


def _length(run: tuple[float, float], gaps: list[tuple[float, float]]) -> float:
    """Seconds of a run that the file itself holds, and not the gaps in its sound."""
    shared = sum(max(0.0, min(run[1], end) - max(run[0], start)) for start, end in gaps)
    return run[1] - run[0] - shared


def _frames(samples: NDArray[np.float32], rate: int) -> tuple[Levels, NDArray[np.float32]]:
    """Levels of all whole frames, and the samples that are left for the next ones."""
    step = rate // STEPS
    size = 2 * BANDS * max(1, round(2 * step / (2 * BANDS)))
    count = (len(samples) - size) // step + 1 if len(samples) >= size else 0
    if count <= 0:
        return np.zeros((0, BANDS), np.float32), samples
    views = np.lib.stride_tricks.sliding_window_view(samples, size)[::step][:count]
    power = np.abs(np.fft.rfft(views * np.hanning(size).astype(np.float32), axis=1)[:, 1:]) ** 2
    mean = power.reshape(count, BANDS, -1).mean(axis=2) * (8 / (3 * size))
    levels = 10 * np.log10(np.maximum(mean, 10 ** (FLOOR / 10)))
    return levels.astype(np.float32), samples[count * step :]


class _Zeros:
    """Runs of exact zeros in a stream of samples."""

    def __init__(self) -> None:
        self._at = 0
        self._runs: list[tuple[int, int]] = []

    def take(self, samples: NDArray[np.float32]) -> None:
        """The next samples."""
        flags = np.concatenate([[0], (samples == 0).astype(np.int8), [0]])
        edges = np.nonzero(np.diff(flags))[0] + self._at
        for start, end in edges.reshape(-1, 2).tolist():
            if self._runs and self._runs[-1][1] == start:
                self._runs[-1] = (self._runs[-1][0], end)
            elif end - start > 16 or start == self._at or end == self._at + len(samples):
                self._runs.append((start, end))
        self._at += len(samples)

    def inside(self, total: int) -> list[tuple[int, int]]:
        """All runs but those at the very beginning and end."""
        return [(start, end) for start, end in self._runs if start > 0 and end < total]
