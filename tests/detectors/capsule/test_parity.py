"""Capsule-Forensics against the authors' network (nii-yamagishilab/Capsule-Forensics b1fdda0)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.capsule import model
from unmask.detectors.image.capsule.model import Routing, squashed
from unmask.errors import ModelError
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((3, 3, 64, 64), 21, 0, 255)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("capsule")()


@torch.no_grad()
def test_classes_and_loss_are_the_authors(method: Method) -> None:
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES, gain=1.4)))
    seen = network(FACE)
    np.testing.assert_allclose(seen["classes"], GOLDEN["classes"], atol=1e-5)
    forged, real = GOLDEN["means"].T
    np.testing.assert_allclose(seen["logit"], np.log(forged / real), atol=1e-4)
    loss, _ = method.loss(network, {"face": FACE, "label": torch.tensor([0.0, 1.0, 0.0])})
    np.testing.assert_allclose(loss, GOLDEN["loss"], rtol=1e-5)


def test_published_capsules_stand_beside_vggs_own_weights(
    method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without VGG takes what timm has for it, and never random numbers."""
    network = method.network()
    made = {name: value for name, value in filled(NAMES).items() if not name.startswith("vgg.")}
    asked = []

    def timm_model(name: str, pretrained: bool) -> torch.nn.Module:
        asked.append((name, pretrained))
        return torch.nn.ModuleDict({"features": network.get_submodule("vgg")})

    monkeypatch.setattr(model, "timm_model", timm_model)
    taken = method.convert(made)
    assert asked == [("vgg19.tv_in1k", True)]
    assert torch.equal(taken["vgg.0.weight"], network.state_dict()["vgg.0.weight"])
    made.pop("routing_stats.route_weights")
    with pytest.raises(ModelError, match=r"routing\.weight"):
        method.convert(made)


def test_votes_that_agree_count_more() -> None:
    """Of three votes for a class, the one against the others loses weight in the second round."""
    routing = Routing(0.0).eval()
    with torch.no_grad():
        routing.weight.zero_()
        routing.weight[:, :, :, :4] = torch.eye(4)
        capsules = torch.zeros(1, 3, 8)
        capsules[0, :2, :4] = 1.0
        capsules[0, 2, :4] = -0.5
        even = squashed((capsules[:, :, :4] / 3).sum(1), -1)
        assert float(routing(capsules)[0, 0].norm()) > 1.1 * float(even.norm())


def test_noise_is_laid_on_in_training_alone() -> None:
    torch.manual_seed(0)
    routing, capsules = Routing(0.01), noise((2, 3, 8), 6)
    assert not torch.equal(routing(capsules), routing(capsules))
    routing.eval()
    assert torch.equal(routing(capsules), routing(capsules))
