"""EfficientNet-B4 against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.efficientnet_b4.model import FaceEfficientNet
from unmask.errors import ModelError
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("efficientnet_b4")()


def test_the_network_is_the_benchmarks(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.4)))
    with torch.no_grad():
        logit = network((noise((2, 3, 96, 96), 12) + 1) * 127.5)["logit"]
    real, forged = GOLDEN["classes"].T
    assert abs(float(np.ptp(forged - real))) > 0.01, "the faces must be told apart"
    np.testing.assert_allclose(logit, forged - real, atol=1e-4)


def test_the_first_convolution_has_no_rim() -> None:
    network = FaceEfficientNet(backbone="test_efficientnet")
    assert network.net.conv_stem(torch.zeros(1, 3, 64, 64)).shape[-2:] == (31, 31)


def test_an_xception_is_refused(method: Method) -> None:
    with pytest.raises(ModelError, match="does not fit EfficientNet-B4"):
        method.convert(filled({"backbone.conv1.weight": (32, 3, 3, 3)}))
