"""A few stretches of a recording, spread over its length, for networks that are not run on all."""

from __future__ import annotations

import numpy as np

from unmask.types import AudioBlock, Samples

LONGEST = 4.0
"""Seconds of a stretch."""
SHORTEST = 1.0
"""Seconds under which a stretch is not used."""
MOST = 6
"""Stretches of one recording."""
_GAP = 20.0
_SILENT = 1e-4


class Excerpts:
    """Keeps ``MOST`` stretches at most, whatever the length of the recording.

    ``seconds``: the length as announced, or None. Blocks come in order and without gaps.
    """

    def __init__(self, seconds: float | None) -> None:
        even = seconds / MOST if seconds else _GAP
        self._step = max(LONGEST, even)
        self._next = 0.0
        self._open: list[Samples] = []
        self._begun = 0.0
        self._rate = 0
        self._kept: list[tuple[float, Samples]] = []

    def add(self, block: AudioBlock) -> None:
        """Take the next block of sound."""
        self._rate = block.rate
        start, samples = block.start, block.samples
        while len(samples) and len(self._kept) < MOST:
            ahead = 0 if self._open else max(0, round((self._next - start) * block.rate))
            samples, start = samples[ahead:], start + ahead / block.rate
            if not len(samples):
                return
            if not self._open:
                self._begun = start
            room = round(LONGEST * block.rate) - sum(map(len, self._open))
            self._open.append(samples[:room])
            if len(samples) < room:
                return
            samples, start = samples[room:], start + room / block.rate
            self._close()

    def _close(self) -> None:
        whole = np.concatenate(self._open)
        self._open = []
        self._next = self._begun + self._step
        if len(whole) >= SHORTEST * self._rate and float(np.sqrt(np.mean(whole**2))) > _SILENT:
            self._kept.append((self._begun, whole))

    def all(self) -> list[tuple[float, Samples]]:
        """The stretches, none of them silent, and the seconds they begin at."""
        if self._open:
            self._close()
        return self._kept
