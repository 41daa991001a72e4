"""SPSL against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf), and what its phase sees."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.spsl.model import SPSL
from unmask.detectors.image.spsl.phase import Phase
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((2, 3, 96, 96), 14)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("spsl")({"side": 96})


@torch.no_grad()
def test_phase_and_classes_are_the_benchmarks(method: Method) -> None:
    network = cast(SPSL, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES, gain=1.05)))
    np.testing.assert_allclose(network.phase(FACE)[0, :, ::8, ::8], GOLDEN["phase"], atol=1e-5)
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(network((FACE + 1) * 127.5)["logit"], forged - real, atol=1e-4)


def test_a_blur_that_changes_amplitudes_alone_leaves_the_phase() -> None:
    """A symmetrical blur with a positive spectrum; a shift moves the drawn picture along."""
    picture = noise((1, 1, 64, 64), 3)
    kernel = torch.zeros(64, 64)
    for (y, x), weight in {
        (0, 0): 6.0,
        (0, 1): 1.0,
        (0, -1): 1.0,
        (1, 0): 1.0,
        (-1, 0): 1.0,
    }.items():
        kernel[y, x] = weight
    spectrum = torch.fft.fft2(kernel)
    assert float(spectrum.real.min()) > 1
    blurred = torch.fft.ifft2(torch.fft.fft2(picture) * spectrum).real
    phase = Phase(64)
    np.testing.assert_allclose(phase(blurred), phase(picture), atol=1e-4)
    shifted = phase(picture.roll((5, 9), (-2, -1)))
    np.testing.assert_allclose(shifted, phase(picture).roll((5, 9), (-2, -1)), atol=1e-4)
    assert float(phase(picture).square().sum()) == pytest.approx(1.0, abs=1e-3)


def test_the_shallow_one_has_no_middle_flow() -> None:
    numbers = {}
    for variant in ("whole", "shallow"):
        network = method_named("spsl")({"variant": variant, "side": 64}).network()
        numbers[variant] = sum(value.numel() for value in network.parameters())
    assert numbers["shallow"] < 0.4 * numbers["whole"]
