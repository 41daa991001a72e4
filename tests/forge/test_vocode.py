"""Copy-synthesis says the same thing at the same time, and an insert changes only its stretch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the research wing is not installed")

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import RATE, speech  # noqa: E402

from unmask.errors import SettingError  # noqa: E402
from unmask.forge.vocode import METHODS, insert, levelled, resynthesise  # noqa: E402

PITCHED = ("world", "world-converted", "cepstral", "harmonic", "channel")
"""Methods that take the pitch from WORLD."""


def envelope(samples: np.ndarray) -> np.ndarray:
    return np.sqrt(np.convolve(samples.astype(np.float64) ** 2, np.ones(800) / 800, "same"))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_copy_keeps_length_level_and_timing_but_not_the_wave(method: str) -> None:
    if method in PITCHED:
        pytest.importorskip("pyworld", reason="WORLD is not installed")
    real = speech(1.2)
    fake = resynthesise(method, real, RATE, np.random.default_rng(0))
    assert fake.shape == real.shape
    assert fake.dtype == np.float32
    assert np.mean(fake**2) == pytest.approx(np.mean(real**2), rel=1e-3)
    assert np.corrcoef(envelope(fake), envelope(real))[0, 1] > 0.9
    assert np.sqrt(np.mean((fake - real) ** 2)) > 1e-3 * np.sqrt(np.mean(real**2))


def test_a_copy_repeats_with_its_seed() -> None:
    real = speech(0.6)
    one, two = (resynthesise("smeared", real, RATE, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_an_unknown_vocoder_is_refused() -> None:
    with pytest.raises(SettingError, match="griffin-lim"):
        resynthesise("hifigan", speech(0.3), RATE, np.random.default_rng(0))


def test_an_insert_leaves_the_rest_alone_and_matches_the_level() -> None:
    real = speech(2.0)
    piece = levelled(speech(0.7, seed=9), real) * 7
    out = insert(real, piece, 0.6, RATE, fade=0.02)
    first, last = int(0.6 * RATE), int(0.6 * RATE) + piece.size
    assert np.array_equal(out[:first], real[:first])
    assert np.array_equal(out[last:], real[last:])
    inside = slice(first + 400, last - 400)
    assert np.sqrt(np.mean(out[inside] ** 2)) == pytest.approx(
        np.sqrt(np.mean(real[inside] ** 2)), rel=0.15
    )
    steps = np.abs(np.diff(out))
    assert steps[first - 5 : first + 5].max() <= np.abs(np.diff(real)).max() * 1.5


def test_an_insert_over_the_end_is_refused() -> None:
    with pytest.raises(SettingError, match="over the end"):
        insert(speech(1.0), speech(0.5), 0.8, RATE)
