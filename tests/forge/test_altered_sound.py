"""Changes by hand do what they say: a tone keeps or moves its pitch, an echo stands where it is."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.forge.launder_sound import apply
from unmask.types import Samples

RATE = 16000


def tone(hertz: float, seconds: float = 1.0) -> Samples:
    time = np.arange(int(RATE * seconds)) / RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * time), np.float32)


def pitch(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * RATE / samples.size)


@pytest.mark.parametrize("factor", [0.7, 1.5])
def test_stretching_keeps_the_pitch_and_changes_the_speed(factor: float) -> None:
    sound = np.concatenate([tone(440, 0.5), tone(880, 0.5)])
    changed = apply(f"stretch:{factor}", sound, RATE)
    turn = int(0.5 * RATE / factor)
    assert changed.size == sound.size
    assert pitch(changed[1000 : turn - 1000]) == pytest.approx(440, abs=6)
    later = changed[turn + 1000 : min(int(RATE / factor), RATE) - 1000]
    assert pitch(later) == pytest.approx(880, abs=6)
    assert np.abs(changed[2000:4000]).max() == pytest.approx(0.3, abs=0.06)
    if factor > 1:
        assert np.abs(changed[int(RATE / factor) + 600 :]).max() < 1e-3


@pytest.mark.parametrize("semitones", [-2.0, 1.0])
def test_pitch_moves_by_semitones_at_the_same_speed(semitones: float) -> None:
    changed = apply(f"pitch:{semitones}", tone(500), RATE)
    assert pitch(changed) == pytest.approx(500 * 2 ** (semitones / 12), rel=0.01)
    assert np.abs(changed[-2000:-1000]).max() > 0.2


def test_an_echo_stands_a_tenth_of_a_second_later() -> None:
    click = np.zeros(RATE, np.float32)
    click[1000] = 0.5
    changed = apply("echo:0.5", click, RATE)
    assert sorted(np.argsort(-np.abs(changed))[:2]) == [1000, 2600]
    assert changed[2600] / changed[1000] == pytest.approx(0.5)
    assert np.abs(changed).max() == pytest.approx(0.5)


def test_smoothing_averages_in_place() -> None:
    click = np.zeros(100, np.float32)
    click[50] = 1
    changed = apply("smooth:5", click, RATE)
    assert changed[48:53] == pytest.approx(np.full(5, 0.2))
    assert changed.sum() == pytest.approx(1)


def test_quantising_leaves_as_many_levels() -> None:
    changed = apply("quantise:16", tone(100), RATE)
    assert np.unique(np.round(changed, 6)).size == 16
    assert np.array_equal(apply("quantise:16", np.zeros(9, np.float32), RATE), np.zeros(9))


def test_a_high_pass_takes_the_lows() -> None:
    sound = tone(300) + tone(3000)
    power = np.abs(np.fft.rfft(apply("highpass:1600", sound, RATE))) ** 2
    assert power[300] < 1e-3 * power[3000]


@pytest.mark.parametrize("condition", ["stretch:1.3", "pitch:1", "echo:0.5", "smooth:10"])
def test_silence_and_short_sounds_stay_what_they_are(condition: str) -> None:
    for length in (0, 1, 300):
        assert not apply(condition, np.zeros(length, np.float32), RATE).any()
