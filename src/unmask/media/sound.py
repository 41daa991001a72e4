"""Sound of any rate, depth and number of channels to contiguous mono blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from unmask.media.limits import Limits
from unmask.types import AudioBlock, Samples

_GAP, _LONGEST_GAP = 0.1, 3600.0
_OPPOSED, _AGREED = -0.5, 0.0
"""Correlations of two channels under which their difference is taken, over which their mean."""
_MEMORY = 1.0
"""Seconds after which what two channels did is forgotten to a third."""
_WEIGHTS = {"FC": 1.0, "FL": 0.707, "FR": 0.707, "LFE": 0.0, "LFE2": 0.0}
_OTHER_WEIGHT = 0.5
_SCALES = {"u8": 128.0, "s16": 32_768.0, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}
_PLANES_READ = 7
"""PyAV reads past the end of a frame's list of planes when there are eight or more."""


class Mixer:
    """Decoded frames to mono at one rate, with FFmpeg's anti-aliased resampler.

    Channels are averaged: equally if there are one or two or their places are unknown; surround
    sound with the weights of ITU-R BS.775-3, table 2 (centre 1, left and right 0.707, others 0.5,
    no low-frequency channel), divided by their sum so that nothing clips. A channel of opposite
    phase to one before it, which would cancel, is turned over. A change of format inside a stream
    starts a new resampler.
    """

    def __init__(self, name: str, rate: int, limits: Limits) -> None:
        self._name = name
        self._rate = rate
        self._limits = limits
        self._shape: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._packer: AudioResampler | None = None
        self._powers = np.zeros((0, 0))
        self._opposed = np.zeros((0, 0), bool)
        self.cancelled = False
        """Whether channels of opposite phase were met."""

    def mix(self, frame: AudioFrame) -> list[Samples]:
        """Samples that are ready after this frame."""
        self._limits.check_sound(self._name, frame.layout.nb_channels, frame.sample_rate)
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        ready = []
        if shape != self._shape:
            ready = self.flush()
            self._resampler = AudioResampler(format="flt", layout="mono", rate=self._rate)
            self._shape = shape
        assert self._resampler is not None
        with np.errstate(all="ignore"):  # damaged floats are beyond any number
            mono = self._mono(frame)
        mono = np.clip(np.nan_to_num(mono, posinf=0.0, neginf=0.0), -1, 1)
        single = AudioFrame.from_ndarray(
            np.ascontiguousarray(mono[None], np.float32), format="flt", layout="mono"
        )
        single.sample_rate = frame.sample_rate
        return ready + [_samples(done) for done in self._resampler.resample(single)]

    def _mono(self, frame: AudioFrame) -> NDArray[np.float32]:
        channels = self._channels(frame)
        weights = _weights(frame)
        if len(channels) > 1:
            weights = weights * self._signs(channels.astype(np.float64), frame.sample_rate)
        mixed: NDArray[np.float32] = weights @ channels
        return mixed

    def _signs(self, channels: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
        """1, or -1 for a channel that would cancel one before it."""
        powers = channels @ channels.T
        if self._powers.shape != powers.shape:
            self._powers = np.zeros_like(powers)
            self._opposed = np.zeros(powers.shape, bool)
        if np.isfinite(powers).all():
            kept = np.exp(-channels.shape[1] / (_MEMORY * rate))
            self._powers = kept * self._powers + powers
        own = np.sqrt(np.diag(self._powers))
        both = np.outer(own, own)
        agreement = np.divide(self._powers, both, out=np.zeros_like(both), where=both > 0)
        self._opposed = agreement < np.where(self._opposed, _AGREED, _OPPOSED)
        signs = np.ones(len(channels), np.float32)
        for number, opposed in enumerate(self._opposed):
            before = np.flatnonzero(opposed[:number])
            if before.size:
                signs[number] = -signs[before[0]]
                self.cancelled = True
        return signs

    def _channels(self, frame: AudioFrame) -> NDArray[np.float32]:
        """Channels × samples in -1…1, as far as the recording keeps to it."""
        if frame.format.is_planar and frame.layout.nb_channels > _PLANES_READ:
            frame.pts = None
            if self._packer is None:
                self._packer = AudioResampler(format=frame.format.packed)
            parts = [_unpacked(part) for part in self._packer.resample(frame)]
            return np.concatenate(parts, axis=1)
        return _unpacked(frame)

    def flush(self) -> list[Samples]:
        """The last samples, which the resampler's filter still holds."""
        if self._resampler is None:
            return []
        resampler, self._resampler, self._shape = self._resampler, None, None
        self._packer = None
        return [_samples(done) for done in resampler.resample(None)]


def _unpacked(frame: AudioFrame) -> NDArray[np.float32]:
    values: NDArray[Any] = frame.to_ndarray()
    if frame.format.is_packed:
        values = values.reshape(-1, frame.layout.nb_channels).T
    kind = frame.format.packed.name
    offset = 128.0 if kind == "u8" else 0.0
    scaled: NDArray[np.float32] = ((values - offset) / _SCALES[kind]).astype(np.float32)
    return scaled


def _weights(frame: AudioFrame) -> NDArray[np.float32]:
    """One weight a channel; they add up to 1."""
    count = frame.layout.nb_channels
    names = [channel.name for channel in frame.layout.channels]
    weights = np.ones(count, np.float32)
    if count > 2 and "FL" in names and len(names) == count:
        weights = np.array([_WEIGHTS.get(name, _OTHER_WEIGHT) for name in names], np.float32)
    shares: NDArray[np.float32] = weights / weights.sum()
    return shares


def _samples(frame: AudioFrame) -> Samples:
    values = frame.to_ndarray().reshape(-1)
    return np.clip(values, -1, 1).astype(np.float32, copy=False)


class Blocks:
    """Collects samples into blocks of a fixed number; positions are seconds of the file.

    A late start and a hole in the timestamps, of up to an hour each, are filled with silence, so
    that sound stays in step with the file's clock; overlaps are left as they are.
    """

    def __init__(self, rate: int, seconds: float) -> None:
        self._rate = rate
        self._size = max(1, round(rate * seconds))
        self._parts: list[Samples] = []
        self._held = 0
        self._taken = 0
        self.skipped = 0.0

    @property
    def position(self) -> float:
        """The second up to which sound has been taken."""
        return self._taken / self._rate

    def place(self, second: float) -> Iterator[AudioBlock]:
        """The next samples belong at this second of the file; gives blocks of silence before it."""
        hole = second - self.position
        if hole > _LONGEST_GAP:
            self.skipped = max(self.skipped, hole)
            return
        missing = round(hole * self._rate) if hole > _GAP else 0
        if missing:
            yield from self.ready(last=True)
        while missing > 0:
            silence = np.zeros(min(missing, self._size), np.float32)
            yield AudioBlock(self.position, self._rate, silence, filled=True)
            self._taken += silence.size
            missing -= silence.size

    def add(self, samples: Samples) -> None:
        """Take samples."""
        self._parts.append(samples)
        self._held += len(samples)
        self._taken += len(samples)

    def ready(self, last: bool = False) -> Iterator[AudioBlock]:
        """Full blocks; with ``last`` also the rest."""
        if self._held < self._size and not (last and self._held):
            return
        joined = np.concatenate(self._parts)
        begin = self.position - len(joined) / self._rate
        at = 0
        while len(joined) - at >= self._size or (last and at < len(joined)):
            block = joined[at : at + self._size]
            yield AudioBlock(begin + at / self._rate, self._rate, block)
            at += len(block)
        self._parts, self._held = [joined[at:]], len(joined) - at
