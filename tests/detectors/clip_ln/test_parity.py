"""CLIP with tuned norms against the authors' parts (yermandy/deepfake-detection 0b872f7)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from official import filled, noise
from unmask.detectors.image.clip_ln.loss import alignment, between, mixed, uniformity
from unmask.errors import ModelError
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
GOLDEN = np.load(HERE / "golden.npz")
LABEL = torch.tensor([0, 1, 1, 0, 1, 0, 0])


def made(**settings: float) -> Method:
    kind = method_named("clip_ln")
    return kind({**kind.small, **settings})


def sphere(seed: int) -> torch.Tensor:
    return F.normalize(noise((7, 5), seed))


@torch.no_grad()
def test_the_network_is_the_authors() -> None:
    method = made()
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES)))
    outputs = network(noise((3, 3, 28, 28), 61, 0, 255))
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(outputs["logit"], forged - real, atol=1e-4)
    np.testing.assert_allclose(outputs["features"], GOLDEN["features"], atol=1e-4)


def test_the_losses_on_the_sphere_are_the_authors() -> None:
    np.testing.assert_allclose(alignment(sphere(62), LABEL), GOLDEN["alignment"], atol=1e-5)
    np.testing.assert_allclose(uniformity(sphere(62)), GOLDEN["uniformity"], atol=1e-5)
    assert alignment(sphere(62)[:2], LABEL[:2]) == 0
    assert uniformity(sphere(62)[:1]) == 0


def test_points_between_are_the_authors_and_stay_on_the_sphere() -> None:
    ours = between(sphere(62), sphere(63), noise((7, 1), 64, 0, 1))
    np.testing.assert_allclose(ours, GOLDEN["slerp"], atol=1e-5)
    np.testing.assert_allclose(ours.norm(dim=1), 1, atol=1e-5)
    same = between(sphere(62), sphere(62), torch.full((7, 1), 0.3))
    np.testing.assert_allclose(same, sphere(62), atol=1e-3)


def test_features_move_towards_their_own_class_only() -> None:
    torch.manual_seed(0)
    apart = torch.tensor([[1.0, 0, 0, 0]] * 3 + [[0, 0, 1.0, 0]] * 3)
    features = F.normalize(apart + 0.3 * noise((6, 4), 1))
    label = torch.tensor([0, 0, 0, 1, 1, 1])
    moved = mixed(features, label)
    assert not torch.allclose(moved, features)
    centre = F.normalize(torch.stack([features[:3].mean(0), features[3:].mean(0)]))
    assert ((moved @ centre.T).argmax(1) == label).all()
    alone = mixed(features[:4], label[:4])
    assert torch.equal(alone[3], features[3]), "a class of one stays"


def test_only_norms_and_the_head_train() -> None:
    network = made().network()
    moving = {n for n, p in network.named_parameters() if p.requires_grad}
    norms = {n for n in moving if "norm" in n}
    assert moving - norms == {"head.weight", "head.bias"}
    assert sum(network.get_parameter(n).numel() for n in norms) == (2 * 2 + 2) * 2 * 32


def learnt(**settings: float) -> tuple[float, float, float]:
    """Share told right on faces that are brighter where forged, and how the sphere is ordered."""
    torch.manual_seed(0)
    method = made(**settings)
    network = method.network().train()
    label = (torch.arange(16) % 2).float()
    face = noise((16, 3, 28, 28), 1, 0, 205) + 50 * label[:, None, None, None]
    batch = {"face": face, "label": label}
    free = [p for p in network.parameters() if p.requires_grad]
    rule = torch.optim.AdamW(free, lr=0.02, weight_decay=0)
    for _ in range(30):
        loss, _ = method.loss(network, batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
    with torch.no_grad():
        outputs = network.eval()(face)
    right = ((outputs["logit"] > 0) == (label > 0)).float().mean()
    features = outputs["features"]
    return float(right), float(alignment(features, label)), float(uniformity(features))


def test_norms_alone_learn_a_toy_and_the_losses_order_the_sphere() -> None:
    plain = learnt()
    aligned = learnt(alignment=1.0)
    spread = learnt(uniformity=1.0)
    assert min(plain[0], aligned[0], spread[0]) > 0.9
    assert aligned[1] < 0.8 * plain[1], "faces of one class lie closer"
    assert spread[2] < plain[2], "all of them lie farther apart"


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit CLIP-LN"):
        made().convert(filled({"model.linear.weight": [2, 32]}))
