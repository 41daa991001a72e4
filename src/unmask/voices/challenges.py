"""What a caller may be asked to do that a cloned voice does badly, and whether it was done.

A clone that is made while somebody speaks whispers with a voice, swallows claps and cannot follow a
melody (Mittal et al. 2024, "PITCH: AI-assisted Tagging of Deepfake Audio Calls using
Challenge-Response"). The list of that paper is in no file that could be read: these challenges are
ours, after its kinds. Whether a recording does what was asked is measured for those of which sound
alone can tell; it says nothing on whether the voice is cloned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples

_FRAME = 0.04
_STEP = 0.01
_QUIET = 0.05
"""Frames quieter than this share of the loudest are pauses."""
_VOICED = 0.5
_LOWEST, _HIGHEST = 70.0, 500.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is measured of a recording.

    ``voiced``: share of its sounding frames with a pitch; ``semitones``: how far the pitch reaches
    (5th to 95th percentile); ``claps``: sudden loud sounds of all frequencies; ``high``: share of
    energy above 1 kHz; ``seconds`` of sounding frames.
    """

    voiced: float
    semitones: float
    claps: int
    high: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Challenge:
    """``asked``: what the caller is told. ``done``: whether a recording does it; None: not told."""

    asked: str
    done: Callable[[Heard], bool] | None = None


CHALLENGES: dict[str, Challenge] = {
    "read": Challenge("Read the sentence as you always speak.", lambda h: h.voiced > 0.3),
    "whisper": Challenge("Whisper the sentence.", lambda h: h.voiced < 0.15 and h.claps == 0),
    "clap": Challenge("Clap three times while you say it.", lambda h: h.claps >= 2),
    "hum": Challenge(
        "Hum a tune with your mouth closed.", lambda h: h.voiced > 0.7 and h.high < 0.1
    ),
    "sweep": Challenge(
        "Let your voice glide from low to high.", lambda h: h.voiced > 0.5 and h.semitones >= 7
    ),
    "cover-mouth": Challenge("Say it with your hand over your mouth."),
    "foreign-word": Challenge("Repeat this word, which you never heard."),
    "pace": Challenge("Say it as fast as you can, then slowly."),
}
"""In the order in which a call goes through them, after the sentence is read plainly."""
LEAST_SECONDS = 0.5


def hear(samples: Samples, rate: int) -> Heard:
    """The measures of a recording (mono, -1…1)."""
    size, step = round(_FRAME * rate), round(_STEP * rate)
    if len(samples) < size:
        return Heard(0.0, 0.0, 0, 0.0, 0.0)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), size)[::step]
    loud = np.sqrt((frames**2).mean(1))
    sounding = frames[loud > _QUIET * max(float(np.quantile(loud, 0.99)), 1e-6)]
    if not len(sounding):
        return Heard(0.0, 0.0, 0, 0.0, 0.0)
    strength, pitch = _pitch(sounding, rate)
    own = pitch[strength > _VOICED]
    reach = 12 * np.log2(np.quantile(own, 0.95) / np.quantile(own, 0.05)) if len(own) > 10 else 0.0
    power = np.abs(np.fft.rfft(sounding * np.hanning(size), axis=1)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    high = power[:, frequencies > 1000].sum() / max(power.sum(), 1e-12)
    return Heard(
        float((strength > _VOICED).mean()),
        float(reach),
        _claps(samples.astype(np.float64), rate),
        float(high),
        len(sounding) * _STEP,
    )


def complied(name: str, heard: Heard) -> bool | None:
    """Whether a recording does what was asked; None where sound alone cannot tell.

    One that hardly sounds did nothing.
    """
    if heard.seconds < LEAST_SECONDS:
        return False
    done = CHALLENGES[name].done
    return done(heard) if done else None


def _pitch(frames: Floats, rate: int) -> tuple[Floats, Floats]:
    """Of each frame: the highest normalised autocorrelation between both limits, and its pitch."""
    size = frames.shape[1]
    centred = frames - frames.mean(1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * size, axis=1)
    lags = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :size]
    # A lag leaves less to compare: what is lost is given back.
    lags = lags / np.maximum(lags[:, :1], 1e-12) / (1 - np.arange(size) / size)
    first, last = round(rate / _HIGHEST), min(round(rate / _LOWEST), round(0.75 * size))
    part = lags[:, first:last]
    best = part.argmax(1)
    # The first lag nearly as good is the period; its multiples are as good.
    near = part > 0.9 * part[np.arange(len(part)), best][:, None]
    rising = np.diff(part, axis=1, prepend=np.inf) < 0
    peak = near & ~rising
    period = np.where(peak.any(1), peak.argmax(1), best) + first
    return part.max(1), rate / period


def _claps(samples: Floats, rate: int) -> int:
    """Sounds that come within 10 ms, fade within 150 ms and are rough over all frequencies."""
    size = round(0.005 * rate)
    count = len(samples) // size
    energy = (samples[: count * size].reshape(count, size) ** 2).mean(1) + 1e-10
    level = 10 * np.log10(energy)
    usual = np.median(level)
    found, last = 0, -100
    for n in range(3, count - 30):
        rise = level[n] - level[n - 3 : n - 1].max()
        fades = level[n + 20 : n + 30].mean() < level[n] - 12
        if rise > 12 and level[n] > usual + 12 and fades and n - last > 20:
            part = samples[n * size : n * size + 4 * size]
            power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2 + 1e-12
            flat = np.exp(np.log(power).mean()) / power.mean()
            if flat > 0.1:
                found, last = found + 1, n
    return found
