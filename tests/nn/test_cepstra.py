"""Cepstra against the baselines of ASVspoof 2021 (asvspoof-challenge/2021 9b33f5e).

``cepstra.npz``: what their Matlab programs gave in Octave (with the edges of other filters for MFCC
and IMFCC, and Octave's spline in the place of Matlab's resampling of uneven samples), and what
their torch front end gave. Of CQCC every eighth frame is kept.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.fft import dct
from scipy.signal import firwin, lfilter

from official import noise
from unmask.errors import DataError, SettingError, UnknownName
from unmask.nn.cepstra import SHAPES, Cepstra, delta
from unmask.nn.constant_q import constant_q, cqcc
from unmask.nn.filter_banks import edges, triangles
from unmask.nn.sinc_filters import mel_filters

GOLDEN = np.load(Path(__file__).parent / "cepstra.npz")


def sound() -> torch.Tensor:
    """A rising tone in noise, 6,000 samples."""
    time = np.arange(6000) / 16000
    grain = noise((6000,), 41, -0.2, 0.2).double().numpy()
    return torch.from_numpy(grain + 0.3 * np.sin(2 * np.pi * (300 + 900 * time) * time))


@pytest.mark.parametrize(("name", "shape"), [("lfcc", "gmm"), ("mfcc", "mfcc"), ("imfcc", "imfcc")])
def test_the_baselines_coefficients(name: str, shape: str) -> None:
    ours = Cepstra(SHAPES[shape])(sound()[None])[0]
    np.testing.assert_allclose(ours, GOLDEN[name], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("lcnn", {}),
        (
            "lcnn30",
            {"window": 400, "fft": 1024, "filters": 30, "coefficients": 12, "energy": False,
             "deltas": 0},
        ),
    ],
)  # fmt: skip
def test_the_light_networks_coefficients(name: str, changed: dict[str, int]) -> None:
    front = Cepstra(SHAPES["lcnn"], **changed)
    ours = front(sound()[None])[0]
    assert ours.shape == GOLDEN[name].shape
    # Theirs is computed in single precision.
    np.testing.assert_allclose(ours, GOLDEN[name], atol=2e-4)
    np.testing.assert_allclose(front(sound().float()[None])[0], GOLDEN[name], atol=2e-4)


def test_windows_agree_with_a_transform_by_hand() -> None:
    """One frame, by numpy's transform and scipy's cosines."""
    value = sound()
    shape = SHAPES["gmm"]
    frame = value[480:960].numpy() * np.hamming(480)
    power = np.abs(np.fft.rfft(frame, 1024)) ** 2
    frequencies = np.fft.rfftfreq(1024, 1 / 16000)
    kept = frequencies <= 4000
    bank = triangles(edges("linear", 70, 0, 4000), frequencies[kept])
    wanted = dct(np.log10(power[kept] @ bank + np.finfo(float).eps), norm="ortho")[:19]
    found = Cepstra(shape)(value[None])[0, 2, :19]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_short_sound_is_one_frame_and_gradients_flow() -> None:
    assert Cepstra()(torch.ones(1, 100)).shape == (1, 1, 57)
    wave = sound()[None, :2000].requires_grad_()
    Cepstra()(wave).sum().backward()
    assert wave.grad is not None
    assert torch.isfinite(wave.grad).all()


def test_the_transform_of_the_toolbox() -> None:
    ours = constant_q(sound(), octave=12, low=62.5, high=4000)
    wanted = GOLDEN["cqt"]
    np.testing.assert_allclose((ours.square() + 2.2e-16).log().T[::8], wanted, atol=1e-5)
    peak = ours.mean(1).argmax()
    # The tone runs from 300 to 975 Hz.
    assert 300 < 62.5 * 2 ** (int(peak) / 12) < 975


@pytest.mark.parametrize(
    ("name", "octave", "low", "high"), [("cqcc", 12, 62.5, 4000), ("cqcc24", 24, 31.25, 8000)]
)
def test_constant_q_cepstra_are_the_baselines(
    name: str, octave: int, low: float, high: float
) -> None:
    ours = cqcc(sound(), octave=octave, low=low, high=high)
    np.testing.assert_allclose(ours[::8], GOLDEN[name], atol=1e-5)


def test_slopes_are_a_filters() -> None:
    frames = noise((1, 9, 2), 1).double()
    padded = np.pad(frames[0].numpy(), ((3, 3), (0, 0)), mode="edge")
    wanted = lfilter([3, 2, 1, 0, -1, -2, -3], 28, padded, axis=0)[6:]
    np.testing.assert_allclose(delta(frames, 3)[0], wanted, atol=1e-12)


def test_filters_lie_where_the_scales_say() -> None:
    assert edges("linear", 3, 0, 4000).tolist() == [0, 1000, 2000, 3000, 4000]
    mel, back = edges("mel", 20, 0, 8000), edges("inverted-mel", 20, 0, 8000)
    assert (np.diff(np.diff(mel)) > 0).all()
    np.testing.assert_allclose(mel + back[::-1], 8000)
    weights = triangles(mel, mel[1:-1])
    np.testing.assert_allclose(weights, np.eye(20), atol=1e-12)


@pytest.mark.parametrize(("count", "taps"), [(70, 129), (20, 128)])
def test_band_passes_are_scipys(count: int, taps: int) -> None:
    edge = edges("mel", count - 1, 0, 8000)
    edge[0], edge[-1] = 1e-9, 8000 - 1e-9  # scipy wants them inside
    for kernel, band in zip(mel_filters(count, taps)[:, 0], pairwise(edge), strict=True):
        wanted = firwin(taps, band, pass_zero=False, scale=False, fs=16000)
        np.testing.assert_allclose(kernel, wanted, atol=1e-5)


def test_values_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SettingError, match="must not exceed"):
        Cepstra(coefficients=71)
    with pytest.raises(UnknownName, match="bark"):
        Cepstra(scale="bark")
    with pytest.raises(DataError, match="under 0 Hz"):
        constant_q(sound(), low=0.5)
