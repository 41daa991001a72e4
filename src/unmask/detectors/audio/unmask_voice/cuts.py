"""What scenes are cut and joined with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.spectra import FRAMES, LEVEL, RATE, SAMPLES, STEP
from unmask.forge.launder_sound import noisy
from unmask.forge.vocode import insert
from unmask.types import Samples

IGNORED = 255
"""A frame that counts neither as real nor as forged."""
_EDGE = 96
"""Samples at the seam of two clips that are cross-faded at least."""


def row(
    clips: Sequence[Samples], rng: np.random.Generator, pauses: tuple[float, float] | None
) -> Samples:
    """Clips at about one level in a row: cross-faded, or with pauses of faint noise between."""
    return laid(clips, rng, pauses)[0]


def laid(
    clips: Sequence[Samples], rng: np.random.Generator, pauses: tuple[float, float] | None
) -> tuple[Samples, list[int]]:
    """As ``row``; and where in it the first sample of each clip lies."""
    level = float(np.sqrt(np.mean(clips[0] ** 2)))
    floor = level * 10 ** (rng.uniform(-60, -32) / 20)
    edge = max(_EDGE, int(rng.uniform(0.005, 0.04) * RATE))
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    out = clips[0]
    starts = [0]
    for clip in clips[1:]:
        loud = max(float(np.sqrt(np.mean(clip**2))), 1e-6)
        clip = clip * np.float32(level / loud * 10 ** (rng.normal(0, 1.5) / 20))
        if pauses:
            size = int(rng.uniform(*pauses) * RATE)
            gap = noisy(np.full(size, 1e-9, np.float32), 0, rng, tilt=1.0)
            gap = gap * (floor / max(float(np.sqrt(np.mean(gap**2))), 1e-12))
            out = _faded(out, np.asarray(gap, np.float32), ramp)
        starts.append(out.size - edge)
        out = _faded(out, np.asarray(clip, np.float32), ramp)
    return out, starts


def _faded(left: Samples, right: Samples, ramp: Samples) -> Samples:
    edge = ramp.size
    over = left[-edge:] * (1 - ramp) + right[:edge] * ramp
    return np.concatenate([left[:-edge], over, right[edge:]])


def cut(samples: Samples, rng: np.random.Generator) -> tuple[Samples, int]:
    """One window from anywhere in it, and where it begins."""
    if samples.size <= SAMPLES:
        return np.resize(samples, SAMPLES), 0
    start = int(rng.integers(0, samples.size - SAMPLES))
    return samples[start : start + SAMPLES].copy(), start


def place(samples: Samples, rng: np.random.Generator) -> tuple[int, int]:
    """Start and length in samples of an insert of 0.3 … 2.2 s, where it is not quiet."""
    size = int(np.exp(rng.uniform(np.log(0.3), np.log(2.2))) * RATE)
    whole = float(np.sqrt(np.mean(samples**2)))
    start = 0
    for _ in range(6):
        start = int(rng.integers(0, SAMPLES - size))
        if float(np.sqrt(np.mean(samples[start : start + size] ** 2))) > 0.5 * whole:
            break
    return start, size


def stretch(wave: Samples, size: int, rng: np.random.Generator) -> Samples:
    """``size`` samples of a wave that are not quiet."""
    if wave.size <= size:
        return np.resize(wave, size)
    whole = float(np.sqrt(np.mean(wave**2)))
    piece = wave[:size]
    for _ in range(6):
        start = int(rng.integers(0, wave.size - size))
        piece = wave[start : start + size]
        if float(np.sqrt(np.mean(piece**2))) > 0.6 * whole:
            break
    return piece


def disturbed(samples: Samples, rng: np.random.Generator) -> Samples:
    """A stretch that is louder, softer or noisier than the rest, as happens in any room."""
    start, size = place(samples, rng)
    piece = samples[start : start + size]
    if rng.random() < 0.5:
        piece = piece * np.float32(10 ** (rng.uniform(-8, 8) / 20))
    else:
        piece = noisy(piece, float(rng.uniform(6, 25)), rng, tilt=float(rng.uniform(0, 2)))
    fade = float(rng.uniform(0.01, 0.1))
    return insert(samples, np.asarray(piece, np.float32), start / RATE, RATE, fade, match=False)


def coloured(samples: Samples, rng: np.random.Generator) -> Samples:
    """Another microphone: a smooth random gain over frequency, some 4 dB."""
    spectrum = np.fft.rfft(samples)
    knots = rng.normal(0, 4, 9)
    decibels = np.interp(np.linspace(0, 8, spectrum.size), np.arange(9), knots)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels / 20), samples.size), np.float32)


def ended(
    samples: Samples, frames: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Samples, NDArray[np.uint8]]:
    """Sometimes near silence before or after the speech."""
    if rng.random() > 0.12:
        return samples, frames
    count = int(rng.integers(3, FRAMES // 3))
    at = 0 if rng.random() < 0.5 else FRAMES - count
    samples, frames = samples.copy(), frames.copy()
    floor = LEVEL * 10 ** (rng.uniform(-70, -35) / 20)
    samples[at * STEP : (at + count) * STEP] = floor * rng.standard_normal(count * STEP)
    frames[at : at + count] = IGNORED
    return samples, frames
