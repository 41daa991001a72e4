"""Laundering keeps length and alignment, and does to the sound what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from unmask.errors import SettingError
from unmask.forge.launder_sound import CONDITIONS, apply, codec, launder, limited
from unmask.types import Samples

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import RATE, speech


def lag(changed: Samples, original: Samples) -> int:
    envelopes = [np.abs(x).astype(np.float64) for x in (changed, original)]
    correlation = np.correlate(envelopes[0], envelopes[1], "full")
    return int(np.argmax(correlation)) - (original.size - 1)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_keeps_length_and_alignment_and_changes_something(condition: str) -> None:
    before = speech(1.5)
    after = apply(condition, before, RATE)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    assert np.isfinite(after).all()
    assert abs(lag(after, before)) <= 16, "more than a millisecond off"
    assert not np.array_equal(after, before)


def test_clean_changes_nothing() -> None:
    sound = speech(1.5)
    assert np.array_equal(apply("clean", sound, RATE), sound)


@pytest.mark.parametrize("bad", ["mp4:64", "noise:loud", "", "mp3 64"])
def test_an_unknown_condition_is_refused_with_the_known_ones(bad: str) -> None:
    with pytest.raises(SettingError, match="mp3:64"):
        apply(bad, speech(1.5), RATE)


def test_noise_has_the_ratio_it_names() -> None:
    sound = speech(3)
    noise = apply("noise:20dB", sound, RATE) - sound
    ratio = 10 * np.log10(np.mean(sound**2) / np.mean(noise**2))
    assert ratio == pytest.approx(20, abs=0.2)


def test_the_telephone_takes_the_highs_and_the_lows() -> None:
    rng = np.random.default_rng(0)
    white = (0.1 * rng.standard_normal(RATE)).astype(np.float32)
    power = np.abs(np.fft.rfft(apply("telephone", white, RATE))) ** 2
    hertz = np.fft.rfftfreq(white.size, 1 / RATE)
    inside = power[(hertz > 500) & (hertz < 3000)].mean()
    assert power[hertz > 4500].mean() < 0.01 * inside
    assert power[hertz < 100].mean() < 0.05 * inside


def test_a_lower_bit_rate_loses_more() -> None:
    sound = speech(1.5)
    rng = np.random.default_rng(1)
    sound = sound + (0.02 * rng.standard_normal(sound.size)).astype(np.float32)
    high, low = (codec(sound, RATE, "mp3", k) for k in (96, 24))
    assert np.mean((low - sound) ** 2) > np.mean((high - sound) ** 2)


def test_limiting_flattens_the_peaks() -> None:
    sound = speech(1.5)
    flat = limited(sound, 6)
    assert np.abs(flat).max() == pytest.approx(np.abs(sound).max(), rel=1e-4)
    assert (np.abs(flat) > 0.999 * np.abs(flat).max()).mean() > 0.01


def test_a_chain_repeats_with_its_seed_and_strength_zero_does_nothing() -> None:
    sound = speech(1.5)
    one, two = (launder(sound, RATE, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, two)
    assert one.shape == sound.shape
    assert np.array_equal(launder(sound, RATE, np.random.default_rng(5), 0.0), sound)


@pytest.mark.parametrize("seed", range(6))
def test_a_chain_keeps_length_and_alignment(seed: int) -> None:
    sound = speech(1.5)
    after = launder(sound, RATE, np.random.default_rng(seed))
    assert after.shape == sound.shape
    assert np.isfinite(after).all()
    assert abs(lag(after, sound)) <= 32


@pytest.mark.parametrize("kind", ["mp3", "aac", "opus"])
def test_nothing_and_silence_pass_through_a_codec(kind: str) -> None:
    assert codec(np.zeros(0, np.float32), RATE, kind, 32).size == 0
    silent = codec(np.zeros(RATE, np.float32), RATE, kind, 32)
    assert silent.size == RATE
    assert np.abs(silent).max() < 1e-3
