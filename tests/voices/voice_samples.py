"""A made voice: syllables of vowels with a wandering pitch, some begun by a hiss, a little noise.

It is meant to pass for speech, and a detector of speech takes it for that; nobody would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples

RATE = 16000
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
"""Formants in Hz of a, i, u and e (Peterson and Barney 1952)."""
_WIDTH = 90.0
_SYLLABLES = 3.5
"""A second."""


def speech(seconds: float, pitch: float = 120.0, seed: int = 0) -> Samples:
    """Mono sound at 16 kHz."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    tone = pitch * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * t) + 0.01 * np.sin(2 * np.pi * 5 * t))
    phase = 2 * np.pi * np.cumsum(tone) / RATE
    formants = _formants(t, rng)
    buzz = np.zeros(t.size)
    for k in range(1, int(4000 / pitch)):
        gain = sum(
            1 / (1 + ((k * tone - f) / _WIDTH) ** 2) / (1 + n) for n, f in enumerate(formants)
        )
        buzz += np.sin(k * phase) * (gain + 0.02) / np.sqrt(k)
    loud = np.clip(np.sin(2 * np.pi * _SYLLABLES * t), 0, None) ** 0.5
    hiss = np.diff(rng.standard_normal(t.size), prepend=0.0)
    begins = np.clip(np.sin(2 * np.pi * _SYLLABLES * t + 1.0), 0, None) ** 4 * (loud == 0)
    sound = 0.25 * buzz * loud + 0.015 * hiss * begins + 3e-4 * rng.standard_normal(t.size)
    return np.clip(sound, -1, 1).astype(np.float32)


def _formants(t: NDArray[np.float64], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """The three formants along time, gliding from syllable to syllable."""
    count = int(t[-1] * _SYLLABLES) + 3 if t.size else 3
    chosen = np.array(_VOWELS, float)[rng.integers(0, len(_VOWELS), count)]
    middles = (np.arange(count) + 0.25) / _SYLLABLES
    return [np.interp(t, middles, row) for row in chosen.T]


def chords(seconds: float) -> Samples:
    """Held chords of an organ, another one every two seconds; mono sound at 16 kHz."""
    t = np.arange(int(seconds * RATE)) / RATE
    roots = np.array((0, 5, 7, 0))[(t / 2).astype(int) % 4]
    sound = np.zeros(t.size)
    for step in (0, 4, 7):
        tone = 110 * 2 ** ((roots + step) / 12)
        sound += sum(np.sin(2 * np.pi * k * tone * t) / k for k in range(1, 9))
    return (0.06 * sound).astype(np.float32)


def song(seconds: float) -> Samples:
    """The made voice over the chords."""
    return (0.8 * speech(seconds) + 0.3 * chords(seconds)).astype(np.float32)
