from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import MediaError
from unmask.identity.distance import distance, distances, mean_vector
from unmask.types import Samples
from unmask.voices.activity import STEP, Activity
from unmask.voices.embed import VoiceEmbedder, levelled, speech_only, windows
from unmask.voices.mel import spectrogram

STORED = Path(__file__).with_name("golden_voice.npz")
CASES = {"short": (1.1, 0.02), "one": (1.7, 0.3), "long": (4.3, 0.01)}


def hum(name: str) -> Samples:
    """The sound whose vectors the original encoder gave."""
    seconds, loud = CASES[name]
    rng = np.random.default_rng(len(name))
    t = np.arange(int(seconds * 16000)) / 16000
    wave = np.zeros(t.size)
    for k, f in enumerate(range(120, 4000, 120), 1):
        wave += np.sin(2 * np.pi * f * t * (1 + 0.05 * np.sin(5 * t))) / k
    wave *= 1 + np.sin(2 * np.pi * 4 * t)
    noise = loud * 0.01 * rng.standard_normal(t.size)
    return (wave / np.abs(wave).max() * loud + noise).astype(np.float32)


@pytest.mark.parametrize("name", CASES)
def test_vectors_are_those_of_the_original(name: str) -> None:
    with np.load(STORED) as stored:
        mel, vector = stored[f"{name}_mel"], stored[name]
    sound = hum(name)
    np.testing.assert_allclose(spectrogram(levelled(sound))[:5], mel, atol=1e-4)
    np.testing.assert_allclose(VoiceEmbedder(1).embed_speech(sound), vector, atol=1e-4)


def test_a_vector_has_length_one() -> None:
    embedder = VoiceEmbedder(1)
    vector = embedder.embed_speech(hum("long"))
    assert vector.shape == (embedder.size,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_windows_cover_the_sound() -> None:
    assert len(windows(np.zeros(16000, np.float32))) == 1
    assert len(windows(np.zeros(16000 * 10, np.float32))) == 12


def test_only_speech_is_kept() -> None:
    sound = np.arange(10 * STEP, dtype=np.float32)
    speech = np.array([0, 0, 1, 1, 1, 1, 1, 0, 0, 1], bool)
    kept = speech_only(sound, Activity(np.zeros(10, np.float32), speech))
    np.testing.assert_array_equal(kept[: 5 * STEP], sound[2 * STEP : 7 * STEP])
    np.testing.assert_array_equal(kept[5 * STEP :], sound[9 * STEP :])


def test_silence_cannot_be_compared() -> None:
    with pytest.raises(MediaError, match="s of speech"):
        VoiceEmbedder(1).embed(np.zeros(16000, np.float32))


def test_distances_of_vectors() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 8)).astype(np.float32), rng.normal(size=(2, 8)).astype(np.float32)
    table = distances(a, b)
    assert table.shape == (3, 2)
    assert distance(a[0], 5 * a[0]) == pytest.approx(0, abs=1e-6)
    assert distance(a[0], -a[0]) == pytest.approx(2, abs=1e-6)
    assert distance(a[1], b[1]) == pytest.approx(float(table[1, 1]), abs=1e-6)
    middle = mean_vector(a)
    assert np.linalg.norm(middle) == pytest.approx(1, abs=1e-5)
