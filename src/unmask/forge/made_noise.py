"""Wind, rain and a clock, made by rule: backgrounds where recorded ones must not ship.

Li, Chen and Wei 2025 lay recorded ones over speech, fetched from elsewhere; these have the
levels of theirs, and of their sounds no more than the character.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples

Rng = np.random.Generator
Sound = NDArray[np.float64]
_SECOND_OF_TICKS = 0.5
_DROPS = 40
"""Drops of rain a second that are heard by themselves."""


def wind(count: int, rate: int, rng: Rng) -> Sound:
    """Low noise whose loudness comes and goes in gusts of a second and more."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / rate)
    spectrum /= np.maximum(hertz, 40.0) * (1 + (hertz / 600) ** 2)
    low = np.fft.irfft(spectrum, count)
    points = max(2, int(count / rate) + 2)
    gusts = np.interp(np.linspace(0, points - 1, count), np.arange(points), rng.random(points))
    return np.asarray(low * (0.2 + gusts))


def rain(count: int, rate: int, rng: Rng) -> Sound:
    """An even rush of high noise, and single drops."""
    rush = np.diff(rng.standard_normal(count), prepend=0.0)
    drops = np.zeros(count)
    drops[rng.integers(0, count, int(_DROPS * count / rate))] = 1
    fall = np.exp(-np.arange(int(0.01 * rate)) / (0.002 * rate))
    heard = np.convolve(drops * rng.standard_normal(count), fall)[:count]
    return np.asarray(0.3 * rush + 3 * heard * rng.standard_normal(count))


def ticks(count: int, rate: int, rng: Rng) -> Sound:
    """A clock: a short knock every half second, from a moment that is drawn."""
    t = np.arange(int(0.02 * rate)) / rate
    knock = np.sin(2 * np.pi * 2500 * t) * np.exp(-t / 0.003)
    beats = np.zeros(count)
    every = int(_SECOND_OF_TICKS * rate)
    beats[int(rng.integers(0, min(every, count))) :: every] = 1
    return np.asarray(np.convolve(beats, knock)[:count])


KINDS: dict[str, Callable[[int, int, Rng], Sound]] = {"wind": wind, "rain": rain, "ticks": ticks}


def over(kind: str, samples: Samples, rate: int, decibels: float, rng: Rng) -> Samples:
    """A background of ``KINDS`` laid over a recording, ``decibels`` under it by power."""
    if not samples.size:
        return samples
    noise = KINDS[kind](samples.size, rate, rng)
    power = float(np.sqrt(np.mean(noise**2)))
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return np.asarray(
        samples + level * 10 ** (-decibels / 20) / max(power, 1e-12) * noise, np.float32
    )
