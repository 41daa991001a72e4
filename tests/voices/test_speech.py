"""What no person says is no speech, however much it moves and repeats; a voice is."""

from __future__ import annotations

import numpy as np
import pytest
from voice_samples import RATE, speech

from unmask.types import Samples
from unmask.voices.activity import STEP, Meter
from unmask.voices.speech import SpeechDetector, speech_frames

SECONDS = 6.0


def _empty() -> np.ndarray:
    return np.random.default_rng(9).normal(0, 1e-3, int(SECONDS * RATE))


def _lay(sound: np.ndarray, part: np.ndarray, second: float) -> None:
    at = int(second * RATE)
    sound[at : at + part.size] += part[: sound.size - at]


def _glide(seconds: float, low: float, high: float, partials: int) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    tone = low + (high - low) * np.sin(np.pi * t / seconds) + 20 * np.sin(2 * np.pi * 6 * t)
    phase = 2 * np.pi * np.cumsum(tone) / RATE
    edge = np.minimum(1, np.minimum(t, seconds - t) / 0.05)
    return 0.25 * edge * sum(np.sin(k * phase) / k for k in range(1, partials + 1))


def applause() -> np.ndarray:
    rng, sound = np.random.default_rng(0), _empty()
    for second in rng.uniform(0, SECONDS - 0.1, 60):
        burst = rng.normal(0, 1, 320) * np.exp(-np.arange(320) / 64)
        _lay(sound, 0.4 * rng.uniform(0.2, 1) * np.convolve(burst, np.ones(4) / 4, "same"), second)
    return sound


def cheers() -> np.ndarray:
    sound = applause()
    for n, second in enumerate(np.arange(0.3, SECONDS - 1.5, 1.1)):
        _lay(sound, _glide(1.4, 600 + 70 * n, 1000 + 90 * n, 4), second)
    return sound


def chirps() -> np.ndarray:
    sound = _empty()
    for second in np.arange(0.1, SECONDS - 0.4, 0.5):
        _lay(sound, _glide(0.3, 2500, 3500, 1), second)
    return sound


def piano() -> np.ndarray:
    sound, t = _empty(), np.arange(RATE) / RATE
    for n, second in enumerate(np.arange(0, SECONDS - 0.2, 0.4)):
        pitch = 220 * 2 ** ((0, 3, 7, 12, 10, 7, 5)[n % 7] / 12)
        tones = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 8))
        _lay(sound, 0.25 * tones * np.exp(-4 * t), second)
    return sound


def barks() -> np.ndarray:
    rng, sound, t = np.random.default_rng(3), _empty(), np.arange(int(0.18 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(500 * np.exp(-3 * t)) / RATE
    for second in np.arange(0.3, SECONDS - 0.3, 0.9):
        bark = np.tanh(3 * np.sin(phase)) * np.exp(-(((t - 0.06) / 0.05) ** 2))
        _lay(sound, 0.6 * bark + rng.normal(0, 0.1, t.size) * np.exp(-20 * t), second)
    return sound


def drums() -> np.ndarray:
    rng, sound, t = np.random.default_rng(4), _empty(), np.arange(int(0.3 * RATE)) / RATE
    for n, second in enumerate(np.arange(0, SECONDS - 0.4, 0.25)):
        kick = np.sin(2 * np.pi * (50 + 150 * np.exp(-30 * t)) * t) * np.exp(-12 * t)
        _lay(sound, 0.7 * kick if n % 2 else rng.normal(0, 0.3, t.size) * np.exp(-25 * t), second)
    return sound


def drowned(seconds: float) -> Samples:
    """The made voice in noise as loud as itself: the meter finds no periods."""
    spoken = speech(seconds)
    noise = np.random.default_rng(5).standard_normal(spoken.size) * spoken.std()
    return np.asarray(0.3 * (spoken + noise), np.float32)


def chances(samples: Samples, block: int = 7000) -> np.ndarray:
    detector = SpeechDetector(1)
    for at in range(0, samples.size, block):
        detector.feed(samples[at : at + block])
    return detector.finish()


def heard(samples: Samples) -> tuple[float, bool]:
    meter = Meter()
    meter.feed(samples)
    frames, voiced = speech_frames(meter.finish().speech, chances(samples), 1.0)
    return float(frames.sum()) * STEP / RATE, voiced


@pytest.mark.parametrize("make", [applause, cheers, chirps, piano, barks, drums])
def test_what_nobody_says_is_no_speech(make: object) -> None:
    samples = np.clip(make(), -1, 1).astype(np.float32)  # type: ignore[operator]
    assert heard(samples)[0] == 0


@pytest.mark.parametrize("pitch", [90.0, 130.0, 220.0])
def test_a_voice_is_speech_and_the_meter_says_where(pitch: float) -> None:
    samples = speech(5, pitch)
    meter = Meter()
    meter.feed(samples)
    metered = meter.finish().speech
    frames, voiced = speech_frames(metered, chances(samples), 1.0)
    assert voiced
    assert np.array_equal(frames, metered)


def test_only_the_seconds_with_a_voice_count() -> None:
    clapped = np.clip(cheers(), -1, 1).astype(np.float32)
    alone = heard(speech(4))[0]
    assert heard(np.concatenate([speech(4), clapped]))[0] == pytest.approx(alone, abs=1.1)


def test_speech_that_the_meter_misses_is_speech_without_a_voice() -> None:
    seconds, voiced = heard(drowned(6))
    assert seconds >= 1
    assert not voiced


@pytest.mark.parametrize("block", [311, 16000, 10**6])
def test_the_blocks_do_not_matter(block: int) -> None:
    samples = speech(5)
    assert chances(samples, block) == pytest.approx(chances(samples), abs=2e-3)
    assert chances(samples, block).size == -(-samples.size // STEP)


def test_nothing_and_silence_are_no_speech() -> None:
    assert chances(np.zeros(0, np.float32)).size == 0
    assert chances(np.zeros(9 * RATE, np.float32)).max() == 0
