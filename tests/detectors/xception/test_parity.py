"""Xception against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.xception.model import FaceXception
from unmask.errors import ModelError
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("xception")()


def test_the_network_is_the_benchmarks(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.05)))
    with torch.no_grad():
        logit = network((noise((2, 3, 96, 96), 11) + 1) * 127.5)["logit"]
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(logit, forged - real, atol=1e-4)


def passed_round(network: FaceXception) -> dict[str, torch.Tensor]:
    """ImageNet weights in the form of the field's file: no head, kernels of 1 × 1 as matrices."""
    weights = {name: value for name, value in network.net.state_dict().items() if "fc." not in name}
    return {n: v[..., 0, 0] if "pointwise" in n else v for n, v in weights.items()}


def test_it_starts_from_the_file_that_the_field_passes_round(tmp_path: Path) -> None:
    torch.manual_seed(3)
    other = FaceXception(middle=1)
    file = tmp_path / "xception-b5690688.pth"
    torch.save(passed_round(other) | {"fc.weight": torch.zeros(1000, 2048)}, file)
    begun = cast(
        FaceXception, method_named("xception")({"imagenet": str(file), "middle": 1}).network(True)
    )
    ours, theirs = begun.net.state_dict(), other.net.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if "fc." not in name)
    assert not torch.equal(ours["fc.weight"], theirs["fc.weight"]), "the head starts anew"


@pytest.mark.parametrize("change", ["less", "more"])
def test_another_file_is_refused(change: str, tmp_path: Path) -> None:
    weights = passed_round(FaceXception(middle=1))
    if change == "less":
        weights.pop("bn4.bias")
    else:
        weights["block13.rep.0.weight"] = torch.zeros(3)
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="not an Xception"):
        FaceXception(tmp_path / "other.pth", middle=1)
