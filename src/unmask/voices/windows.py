"""Cutting a stream of sound into overlapping windows, and laying their frames together again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples


class Windows:
    """Windows of ``size`` samples every ``hop``, from blocks of any size.

    A recording shorter than a window is repeated to fill it, as in training; the last window of a
    longer one ends with it.
    """

    def __init__(self, size: int, hop: int) -> None:
        self.size = size
        self.hop = hop
        self.heard = 0
        self._kept = np.zeros(0, np.float32)
        self._begin = 0
        self._next = 0

    def feed(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        """First sample and samples of every window that is complete."""
        self._kept = np.concatenate([self._kept, samples])
        self.heard += samples.size
        while self._next + self.size <= self.heard:
            yield self._next, self._cut(self._next)
            self._next += self.hop
        # One whole window is kept back, so that the last one can end with the recording.
        drop = min(self._next, self.heard - self.size) - self._begin
        if drop > 0:
            self._kept = self._kept[drop:].copy()
            self._begin += drop

    def finish(self) -> Iterator[tuple[int, Samples]]:
        """The last window, where one is needed to cover the end."""
        if self.heard == 0:
            return
        if self.heard < self.size:
            yield 0, np.resize(self._kept, self.size)
            return
        if self._next - self.hop + self.size < self.heard:
            yield self.heard - self.size, self._cut(self.heard - self.size)

    def _cut(self, start: int) -> Samples:
        return self._kept[start - self._begin : start - self._begin + self.size]


class Merge:
    """Frame values of overlapping windows, averaged with weights that fall towards the edges.

    A window that starts between two frames is laid on the nearest. Kept are two numbers a frame.
    """

    def __init__(self, frames: int, step: int) -> None:
        self._frames = frames
        self._step = step
        ramp = 1 - np.abs(np.arange(frames) + 0.5 - frames / 2) / (frames / 2)
        self._weight = (0.05 + ramp).astype(np.float32)
        self._sum = np.zeros(0, np.float32)
        self._total = np.zeros(0, np.float32)

    def add(self, start: int, values: NDArray[np.float32]) -> None:
        """Lay the frames of the window that begins at sample ``start``."""
        first = round(start / self._step)
        last = first + self._frames
        if last > self._sum.size:
            grown = max(last, 2 * self._sum.size) - self._sum.size
            self._sum = np.pad(self._sum, (0, grown))
            self._total = np.pad(self._total, (0, grown))
        self._sum[first:last] += values * self._weight
        self._total[first:last] += self._weight

    def values(self, count: int) -> NDArray[np.float32]:
        """The first ``count`` frames; where no window was laid, not a number."""
        total, value = self._total[:count], self._sum[:count]
        out = np.full(count, np.nan, np.float32)
        out[: total.size] = np.divide(
            value, total, out=np.full(total.size, np.nan, np.float32), where=total > 0
        )
        return out
