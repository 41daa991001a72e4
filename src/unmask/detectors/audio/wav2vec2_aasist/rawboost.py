"""RawBoost: noise on raw sound that needs no recordings of noise.

Tak, Kamble, Patino, Todisco and Evans 2022, "RawBoost: A Raw Data Boosting and Augmentation Method
applied to Automatic Speaker Verification Anti-Spoofing", section 3, with the values of their
program. ``rng`` is a generator of numpy; draws are made in the order of their program.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from unmask.errors import UnknownName

Samples = NDArray[np.float64]
_BANDS, _CENTRES, _WIDTHS, _TAPS = 5, (20, 8000), (100, 1000), (10, 100)
_ORDER, _BIAS = 5, (5, 20)
_SHARE, _STRENGTH = 10, 2.0
_SNR = (10, 40)
KINDS = {
    "none": (),
    "convolutive": ("convolutive",),
    "impulsive": ("impulsive",),
    "stationary": ("stationary",),
    "all": ("convolutive", "impulsive", "stationary"),
    "convolutive+impulsive": ("convolutive", "impulsive"),
    "convolutive+stationary": ("convolutive", "stationary"),
    "impulsive+stationary": ("impulsive", "stationary"),
}
"""What is done, one after another. The paper takes convolutive+impulsive for LA, stationary for
DF."""


def boosted(sound: Samples, kind: str, rng: Any, rate: int = 16000) -> Samples:
    """Samples with the noise of a kind of ``KINDS``. Raises UnknownName."""
    if kind not in KINDS:
        raise UnknownName("kind of RawBoost", kind, tuple(KINDS))
    sound = np.asarray(sound, np.float64)
    steps = {"convolutive": convolutive, "stationary": stationary}
    for step in KINDS[kind]:
        sound = impulsive(sound, rng) if step == "impulsive" else steps[step](sound, rng, rate)
    return sound


def convolutive(sound: Samples, rng: Any, rate: int) -> Samples:
    """Powers of the sound up to the fifth, each through random notches, added up."""
    total = np.zeros(len(sound))
    for power in range(1, _ORDER + 1):
        low, high = (0, 0) if power == 1 else (-_BIAS[0], -_BIAS[1])
        total = total + _filtered(sound**power, _notches(rng, low, high, rate))
    return _within(total - total.mean())


def impulsive(sound: Samples, rng: Any) -> Samples:
    """Up to a tenth of the samples, each off by a random share of itself."""
    count = int(len(sound) * (rng.uniform(0, _SHARE) / 100))
    places = rng.permutation(len(sound))[:count]
    off = (2 * rng.random(count) - 1) * (2 * rng.random(count) - 1)
    result = np.array(sound, np.float64)
    result[places] += _STRENGTH * sound[places] * off
    return _within(result)


def stationary(sound: Samples, rng: Any, rate: int) -> Samples:
    """White noise through random notches, 10 to 40 dB under the sound."""
    noise = rng.normal(0, 1, len(sound))
    noise = _filtered(noise, _notches(rng, 0, 0, rate))
    noise = noise / np.abs(noise).max()
    level = 10 ** (0.05 * rng.uniform(*_SNR))
    return np.asarray(sound + noise / np.linalg.norm(noise) * np.linalg.norm(sound) / level)


def _notches(rng: Any, low: float, high: float, rate: int) -> Samples:
    """Taps of five band-stops in a row, whose loudest frequency has a drawn gain (dB)."""
    taps = np.ones(1)
    for _ in range(_BANDS):
        centre, width = rng.uniform(*_CENTRES), rng.uniform(*_WIDTHS)
        count = int(rng.uniform(*_TAPS))
        edges = max(centre - width / 2, 1e-3), min(centre + width / 2, rate / 2 - 1e-3)
        stop = signal.firwin(count + (count % 2 == 0), edges, window="hamming", fs=rate)
        taps = np.convolve(stop, taps)
    gain = low + (high - low) * rng.uniform(0, 1)
    _, response = signal.freqz(taps, 1, fs=rate)
    return np.asarray(10 ** (gain / 20) * taps / np.abs(response).max())


def _filtered(sound: Samples, taps: Samples) -> Samples:
    """The sound through the taps, as long as before and not late."""
    count = len(taps) + 1
    late = np.convolve(np.pad(sound, (0, count)), taps)[: len(sound) + count]
    return np.asarray(late[count // 2 : int(len(late) - count / 2)])


def _within(sound: Samples) -> Samples:
    """Brought back to -1…1 where it is louder."""
    return sound / max(float(np.abs(sound).max()), 1.0)
