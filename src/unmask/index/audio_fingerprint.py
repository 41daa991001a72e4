"""Sound as a row of 32-bit words that survive lossy coding and changes of level.

Haitsma and Kalker 2002, "A highly robust audio fingerprinting system", section 4: each bit is the
sign of the change, from one step to the next, of the difference in energy of two neighbouring
bands. Windows here are 0.26 s with steps of 16 ms and 33 bands from 300 to 3000 Hz (the paper:
0.37 s, 11.6 ms, 300 to 2000 Hz), so that shorter pieces of speech can be told apart.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples, Tensor

RATE = 16_000
WINDOW, HOP = 4096, 256
STEP = HOP / RATE
"""Seconds from one word to the next."""
_BANDS, _LOW, _HIGH = 33, 300.0, 3000.0
_AT_ONCE = 512
SILENT = 1e-4
"""Root mean square under which a window says nothing: its word is 0."""

Codes = NDArray[np.uint32]


@lru_cache(maxsize=1)
def _bands() -> Tensor:
    """Spectrum × 33 bands of equal width on a logarithmic scale, overlapping by half."""
    edges = np.geomspace(_LOW, _HIGH, _BANDS + 2)
    frequency = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rise = (frequency[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[None, 2:] - frequency[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rise, fall), 0, None).astype(np.float32)


class Listening:
    """Takes contiguous mono sound at 16 kHz in blocks and gives its words.

    ``late``: samples that are passed over at the start, so that a suspect can be heard between
    the steps of the known recording too.
    """

    def __init__(self, late: int = 0) -> None:
        self._rest = np.zeros(0, np.float32)
        self._late = late
        self._before: Tensor | None = None
        self._parts: list[Codes] = []

    def feed(self, samples: Samples) -> None:
        """Take the next block."""
        passed = min(self._late, len(samples))
        self._late -= passed
        wave = np.concatenate([self._rest, samples[passed:]])
        count = max(0, (len(wave) - WINDOW) // HOP + 1)
        for first in range(0, count, _AT_ONCE):
            last = min(count, first + _AT_ONCE)
            self._take(wave[first * HOP : (last - 1) * HOP + WINDOW])
        self._rest = wave[count * HOP :]

    def _take(self, wave: Samples) -> None:
        windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP]
        loud = np.sqrt((windows**2).mean(1)) > SILENT
        spectra = np.abs(np.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32))) ** 2
        energies = np.asarray(spectra @ _bands(), np.float32)
        steps = energies[:, :-1] - energies[:, 1:]
        before = steps[:1] if self._before is None else self._before
        bits = np.diff(np.concatenate([before, steps]), axis=0) > 0
        codes = np.packbits(bits, axis=1).view(">u4").reshape(-1).astype(np.uint32)
        self._parts.append(np.where(loud, codes, 0).astype(np.uint32))
        self._before = steps[-1:]

    def codes(self) -> Codes:
        """One word a step, so far."""
        return np.concatenate([np.zeros(0, np.uint32), *self._parts])
