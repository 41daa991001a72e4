"""F3-Net against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf), and its bands."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from official import filled, noise
from unmask.detectors.image.f3net.bands import Bands, passes
from unmask.detectors.image.f3net.model import F3Net
from unmask.errors import ModelError
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((2, 3, 96, 96), 13)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("f3net")({"side": 96})


@torch.no_grad()
def test_bands_and_classes_are_the_benchmarks(method: Method) -> None:
    network = cast(F3Net, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES, gain=1.05)))
    shown = network.bands(FACE)[0, :, ::12, ::12]
    np.testing.assert_allclose(shown, GOLDEN["bands"], atol=1e-4)
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(network((FACE + 1) * 127.5)["logit"], forged - real, atol=1e-4)


def test_fixed_filters_let_through_as_much_as_the_benchmarks() -> None:
    assert passes(96).sum((1, 2)).tolist() == GOLDEN["edges"].tolist()


@torch.no_grad()
def test_a_frequency_shows_in_its_band_alone() -> None:
    bands = Bands(64)
    bands.learnt.zero_()
    step = (np.arange(64) + 0.5) * np.pi / 64
    for row, column, band in ((3, 4, 0), (20, 5, 1), (30, 40, 2)):
        wave = np.outer(np.cos(row * step), np.cos(column * step)).astype(np.float32)
        spectrum = np.abs(dctn(wave, norm="ortho"))
        assert np.unravel_index(spectrum.argmax(), spectrum.shape) == (row, column)
        shown = bands(torch.from_numpy(wave).expand(1, 3, 64, 64))[0].unflatten(0, (4, 3))
        strength = shown.square().mean((1, 2, 3)).sqrt()
        expected = [float(n in (band, 3)) * float(wave.std()) for n in range(4)]
        np.testing.assert_allclose(strength, expected, atol=2e-3)


def test_another_size_of_face_is_refused(method: Method) -> None:
    other = method_named("f3net")({"side": 64})
    with pytest.raises(ModelError, match=r"bands\.learnt"):
        other.convert(filled(NAMES))
