"""Made backgrounds: as loud as asked, the same for a seed, and each of its own character."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.forge.launder_sound import apply
from unmask.forge.made_noise import KINDS, over, rain, ticks, wind

RATE = 16000


def voice() -> np.ndarray:
    return (0.1 * np.sin(np.arange(4 * RATE) * 0.05)).astype(np.float32)


def share_over(sound: np.ndarray, hertz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(power[np.fft.rfftfreq(sound.size, 1 / RATE) > hertz].sum() / power.sum())


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("decibels", [5, 30])
def test_it_lies_as_far_under_the_recording_as_asked(kind: str, decibels: float) -> None:
    clean = voice()
    changed = apply(f"{kind}:{decibels}dB", clean, RATE, 3)
    noise = changed.astype(float) - clean
    found = 10 * np.log10(np.mean(clean.astype(float) ** 2) / np.mean(noise**2))
    assert found == pytest.approx(decibels, abs=0.1)
    np.testing.assert_array_equal(apply(f"{kind}:{decibels}dB", clean, RATE, 3), changed)
    assert np.abs(apply(f"{kind}:{decibels}dB", clean, RATE, 4) - changed).max() > 1e-4


def test_wind_is_low_and_rain_is_high() -> None:
    rng = np.random.default_rng(0)
    assert share_over(wind(4 * RATE, RATE, rng), 1000) < 0.05
    assert share_over(rain(4 * RATE, RATE, rng), 1000) > 0.8


def test_a_clock_ticks_twice_a_second() -> None:
    sound = ticks(4 * RATE, RATE, np.random.default_rng(1))
    loud = np.abs(sound) > 0.3
    begins = np.nonzero(loud & ~np.convolve(loud, np.r_[0, np.ones(400)])[: loud.size].astype(bool))
    assert np.diff(begins[0]) == pytest.approx(RATE / 2, abs=2)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_next_to_nothing_stays_itself(kind: str) -> None:
    assert over(kind, np.zeros(0, np.float32), RATE, 10, np.random.default_rng(0)).size == 0
    short = np.full(3, 0.1, np.float32)
    assert np.isfinite(over(kind, short, RATE, 10, np.random.default_rng(0))).all()
