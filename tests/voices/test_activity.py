"""Speech, silence, noise and hum are told apart, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from voice_samples import speech

from unmask.types import Samples
from unmask.voices.activity import RATE, STEP, Activity, Meter


def measured(samples: Samples, block: int = 4000) -> Activity:
    meter = Meter()
    for at in range(0, samples.size, block):
        meter.feed(samples[at : at + block])
    return meter.finish()


@pytest.mark.parametrize("pitch", [90.0, 130.0, 220.0, 320.0])
@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_a_voice_is_speech_at_any_pitch_and_level(pitch: float, gain: float) -> None:
    heard = measured(speech(4, pitch) * np.float32(gain))
    assert not heard.silent
    assert heard.seconds > 2


def test_digital_silence_is_silent() -> None:
    heard = measured(np.zeros(3 * RATE, np.float32))
    assert heard.silent
    assert heard.seconds == 0


def test_nothing_is_silent() -> None:
    assert measured(np.zeros(0, np.float32)).silent


@pytest.mark.parametrize("kind", ["white", "hum", "tone", "clicks"])
def test_what_is_no_voice_is_no_speech(kind: str) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(5 * RATE) / RATE
    sounds = {
        "white": 0.05 * rng.standard_normal(t.size),
        "hum": 0.1 * np.sin(2 * np.pi * 100 * t) + 0.05 * np.sin(2 * np.pi * 200 * t),
        "tone": 0.3 * np.sin(2 * np.pi * 1000 * t),
        "clicks": (rng.random(t.size) < 2e-4) * 0.5 + 1e-4 * rng.standard_normal(t.size),
    }
    heard = measured(sounds[kind].astype(np.float32))
    assert not heard.silent
    assert heard.seconds < 0.5


def test_speech_is_found_where_it_is() -> None:
    quiet = (3e-4 * np.random.default_rng(1).standard_normal(3 * RATE)).astype(np.float32)
    heard = measured(np.concatenate([quiet, speech(3), quiet]))
    inside = heard.speech[int(3 * RATE / STEP) : int(6 * RATE / STEP)]
    assert inside.mean() > 0.6
    assert heard.speech[: int(2.6 * RATE / STEP)].sum() == 0
    assert heard.speech[int(6.5 * RATE / STEP) :].sum() == 0


@pytest.mark.parametrize("block", [1, 17, 639, 640, 1281, 100_000])
def test_the_blocks_do_not_matter(block: int) -> None:
    sound = speech(0.9 if block < 100 else 3)
    whole, parts = measured(sound, sound.size), measured(sound, block)
    assert np.array_equal(whole.levels, parts.levels)
    assert np.array_equal(whole.speech, parts.speech)
    assert whole.levels.size == -(-sound.size // STEP)
