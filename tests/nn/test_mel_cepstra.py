"""Mel cepstra against python_speech_features 0.6 (``mel_cepstra.npz``, of 16-bit samples)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from official import noise
from unmask.nn.mel_cepstra import MelCepstra, Shape

GOLDEN = np.load(Path(__file__).parent / "mel_cepstra.npz")
THIRTY = Shape(window=480, step=533, fft=2048, filters=30, coefficients=30, energy=False)
SOUND = (noise((4000,), 3, -0.5, 0.5) * 32768).round() / 32768


@pytest.mark.parametrize(("name", "shape"), [("plain", Shape()), ("thirty", THIRTY)])
def test_they_are_the_librarys(name: str, shape: Shape) -> None:
    ours = MelCepstra(shape)(SOUND[None])[0]
    assert ours.shape == GOLDEN[name].shape
    np.testing.assert_allclose(ours, GOLDEN[name], atol=2e-3)


def test_a_second_has_99_windows_and_silence_is_finite() -> None:
    given = MelCepstra()(torch.zeros(1, 16000))
    assert given.shape == (1, 99, 13)
    assert torch.isfinite(given).all()
