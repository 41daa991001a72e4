"""How much of a sound is held on one pitch: in music tones stand, in speech they glide.

Continuous frequency activation (Seyerlehner, Pohle, Schedl and Widmer 2007, "Automatic music
detection in television productions"): a frequency is active where it stands out of those around
it; in music a few frequencies stay active for seconds, also below a voice, however loud it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples
from unmask.voices.activity import RATE

_SIZE, _HOP = 1024, 256
_BINS = 320
"""Frequencies of 15.6 Hz up to 5 kHz."""
_AROUND = 10
"""Frequencies on either side that one is compared with."""
_STANDS_OUT = 3.0
"""dB over them from which it is active."""
_UNDER = 50.0
"""dB under the loudest frequency of a moment from which nothing counts: what no band carries."""
_HALF = 80
"""Frames of half a block; blocks of 2.56 s overlap by half."""
BLOCK, EVERY = 2 * _HALF * _HOP / RATE, _HALF * _HOP / RATE
"""Seconds of a block, and from the beginning of one to that of the next."""
_PEAKS = 5
_BATCH = 512
_LEAST = 1e-7


class HeldTones:
    """Takes mono sound at 16 kHz in blocks of any size; keeps one number for every 1.28 s."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._window = np.hanning(_SIZE).astype(np.float32)
        self._active: NDArray[np.float32] = np.zeros(_BINS, np.float32)
        self._frames = 0
        self._half: NDArray[np.float32] | None = None
        self._strengths: list[float] = []

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""
        self._rest = np.concatenate([self._rest, samples]) if self._rest.size else samples
        count = (self._rest.size - _SIZE) // _HOP + 1
        if count <= 0:
            return
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, _SIZE)[::_HOP][:count]
        at = 0
        while at < count:
            size = min(_BATCH, _HALF - self._frames, count - at)
            self._active += _active(frames[at : at + size] * self._window).sum(axis=0)
            self._frames += size
            at += size
            if self._frames == _HALF:
                self._close()
        self._rest = self._rest[count * _HOP :].copy()

    def _close(self) -> None:
        if self._half is not None:
            self._strengths.append(strength((self._half + self._active) / (2 * _HALF)))
        self._half = self._active
        self._active = np.zeros(_BINS, np.float32)
        self._frames = 0

    def finish(self) -> NDArray[np.float32]:
        """The strength of every block, 0 … 5; block n begins at n × ``EVERY`` seconds.

        Sound of less than a block is one, by what there is of it.
        """
        if not self._strengths:
            count = self._frames + (_HALF if self._half is not None else 0)
            known = self._active if self._half is None else self._half + self._active
            if count >= _HALF // 2:
                self._strengths.append(strength(known / count))
        return np.array(self._strengths, np.float32)


def strength(activity: NDArray[np.floating]) -> float:
    """The five highest peaks of the shares of time that frequencies are active, added.

    A peak's height is over the lower of the valleys beside it.
    """
    steps = np.diff(activity)
    moves = np.nonzero(steps)[0]
    turning = moves[1:][np.diff(np.sign(steps[moves])) != 0]
    values = activity[np.concatenate([[0], turning, [activity.size - 1]])]
    inner = values[1:-1]
    peaks = (inner > values[:-2]) & (inner > values[2:])
    heights = (inner - np.minimum(values[:-2], values[2:]))[peaks]
    return float(np.sort(heights)[-_PEAKS:].sum())


def _active(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Frames × frequencies: what stands out of what is around it."""
    spectra = np.abs(np.fft.rfft(frames))[:, : _BINS + _AROUND]
    levels = 20 * np.log10(spectra + _LEAST)
    sums = np.cumsum(np.pad(levels, ((0, 0), (_AROUND + 1, 0)), mode="edge"), axis=1)
    around = (sums[:, 2 * _AROUND + 1 :] - sums[:, : -2 * _AROUND - 1]) / (2 * _AROUND + 1)
    own = levels[:, : around.shape[1]]
    heard = own > own.max(axis=1, keepdims=True) - _UNDER
    return np.asarray((own - around > _STANDS_OUT) & heard)
