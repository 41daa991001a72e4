"""A song is told from speech, whatever blocks it comes in, and short sound is not told at all."""

from __future__ import annotations

import numpy as np
import pytest
from voice_samples import RATE, chords, song, speech

from unmask.types import Samples
from unmask.voices.held_tones import EVERY, HeldTones, strength
from unmask.voices.listening import Listened, Listener, Sort, unfit


def listened(samples: Samples, block: int = 8000) -> Listened:
    listener = Listener(1)
    for at in range(0, samples.size, block):
        listener.feed(samples[at : at + block])
    return listener.finish()


def held(samples: Samples, block: int = 8000) -> np.ndarray:
    tones = HeldTones()
    for at in range(0, samples.size, block):
        tones.feed(samples[at : at + block])
    return tones.finish()


def noise(seconds: float) -> Samples:
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.05, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "sort"),
    [
        (speech(8), Sort.SPEECH),
        (song(8), Sort.SONG),
        (chords(8), Sort.MUSIC),
        (noise(8), Sort.OTHER),
        (np.zeros(8 * RATE, np.float32), Sort.OTHER),
        (song(4), Sort.SPEECH),
        (noise(1), Sort.SHORT),
        (np.zeros(0, np.float32), Sort.SHORT),
    ],
    ids=["speech", "song", "music", "noise", "silence", "short song", "short noise", "nothing"],
)
def test_what_it_is(samples: Samples, sort: Sort) -> None:
    assert listened(samples).sort is sort


def test_speech_in_loud_noise_is_no_song() -> None:
    voice = speech(8)
    level = float(np.sqrt(np.mean(voice**2)))
    din = noise(8) * (level / 0.05)
    assert listened(voice + din).sort is not Sort.SONG


def test_a_tune_before_a_talk_makes_no_song() -> None:
    assert listened(np.concatenate([chords(6), speech(18)])).sort is Sort.SPEECH


def test_blocks_and_loudness_do_not_matter() -> None:
    sound = song(6)
    whole = held(sound, sound.size)
    np.testing.assert_allclose(held(sound, 777), whole, atol=1e-5)
    np.testing.assert_allclose(held(sound * np.float32(0.05)), whole, atol=0.05)
    assert whole.size == int((6 - 1024 / RATE) / EVERY) - 1


def test_held_tones_are_stronger_than_gliding_ones() -> None:
    assert np.median(held(chords(6))) > 3.5 > 2.5 > np.median(held(speech(6)))
    assert np.median(held(noise(6))) < 2


def test_five_highest_peaks_over_their_lower_valleys_are_added() -> None:
    peaks = np.zeros(60, np.float32)
    peaks[5:50:8] = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    peaks[6] = 0.9  # a level top is one peak
    assert strength(peaks) == pytest.approx(3.5)
    assert strength(np.zeros(60, np.float32)) == 0


def test_who_judges_what() -> None:
    assert "speech alone" in unfit("speech", Sort.SONG)
    assert "no speech" in unfit("speech", Sort.OTHER)
    assert "songs" in unfit("songs", Sort.SPEECH)
    assert not unfit("speech", Sort.SPEECH)
    assert not unfit("songs", Sort.SONG)
    assert not unfit("songs", Sort.SHORT)
    assert not unfit("", Sort.OTHER)
