"""Sound of any rate, depth and number of channels to contiguous mono blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from unmask.media.limits import Limits
from unmask.types import AudioBlock, Samples

_GAP, _LONGEST_GAP, _LATEST_START = 0.1, 30.0, 3600.0


class Mixer:
    """Decoded frames to mono at one rate, with FFmpeg's anti-aliased resampler.

    Channels are mixed with its standard matrix, or averaged where the layout is unknown. A change
    of format inside a stream starts a new resampler.
    """

    def __init__(self, name: str, rate: int, limits: Limits) -> None:
        self._name = name
        self._rate = rate
        self._limits = limits
        self._shape: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

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
        frame.pts = None  # the resampler would fill gaps of hostile timestamps with silence
        try:
            return ready + [_samples(f) for f in self._resampler.resample(frame)]
        except (FFmpegError, ValueError):
            mono = _averaged(frame)
            self._resampler = AudioResampler(format="flt", layout="mono", rate=self._rate)
            return ready + [_samples(f) for f in self._resampler.resample(mono)]

    def flush(self) -> list[Samples]:
        """The last samples, which the resampler's filter still holds."""
        if self._resampler is None:
            return []
        resampler, self._resampler, self._shape = self._resampler, None, None
        return [_samples(f) for f in resampler.resample(None)]


def _samples(frame: AudioFrame) -> Samples:
    values = np.nan_to_num(frame.to_ndarray().reshape(-1), posinf=0.0, neginf=0.0)
    clipped: Samples = np.clip(values, -1, 1).astype(np.float32, copy=False)
    return clipped


def _averaged(frame: AudioFrame) -> AudioFrame:
    """The mean of channels whose layout has no matrix."""
    values = frame.to_ndarray().astype(np.float64)
    if frame.format.is_packed:
        values = values.reshape(-1, frame.layout.nb_channels).T
    bits = frame.format.bits
    if frame.format.name.startswith("u8"):
        values = (values - 128) / 128
    elif not frame.format.name.startswith(("flt", "dbl")):
        values = values / float(1 << (bits - 1))
    mean = values.mean(axis=0, keepdims=True).astype(np.float32)
    mono = AudioFrame.from_ndarray(mono_c(mean), format="flt", layout="mono")
    mono.sample_rate = frame.sample_rate
    return mono


def mono_c(values: Samples) -> Samples:
    """The array in the memory order that FFmpeg needs."""
    return np.ascontiguousarray(values, dtype=np.float32)


class Blocks:
    """Collects samples into blocks of a fixed number; positions are seconds of the file.

    A hole in the timestamps of up to 30 s is filled with silence, so that sound stays in step
    with the picture; overlaps are left as they are.
    """

    def __init__(self, rate: int, seconds: float) -> None:
        self._rate = rate
        self._size = max(1, round(rate * seconds))
        self._start: float | None = None
        self._parts: list[Samples] = []
        self._held = 0
        self._taken = 0
        self.skipped = 0.0

    @property
    def position(self) -> float:
        """The second up to which sound has been taken."""
        return (self._start or 0.0) + self._taken / self._rate

    def place(self, second: float) -> None:
        """The next samples belong at this second of the file."""
        if self._start is None:
            self._start = second if 0.0 < second <= _LATEST_START else 0.0
            return
        hole = second - self.position
        if _GAP < hole <= _LONGEST_GAP:
            self.add(np.zeros(round(hole * self._rate), np.float32))
        elif hole > _LONGEST_GAP:
            self.skipped = max(self.skipped, hole)

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
