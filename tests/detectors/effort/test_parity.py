"""Effort against the authors' functions (YZY-stack/Effort-AIGI-Detection 96f5dea)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.image.effort.model import LAYERS, Effort
from unmask.errors import ModelError
from unmask.nn.svd_residual import SVDResidualLinear
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads((HERE / "names.json").read_text())
CLIP_NAMES: dict[str, list[int]] = json.loads((HERE / "clip_names.json").read_text())
GOLDEN = np.load(HERE / "golden.npz")
FACE = noise((3, 3, 28, 28), 51, 0, 255)


def made(**settings: float) -> Method:
    kind = method_named("effort")
    return kind({**kind.small, **settings})


def residuals(network: torch.nn.Module) -> dict[str, SVDResidualLinear]:
    return {n: p for n, p in network.named_modules() if isinstance(p, SVDResidualLinear)}


@torch.no_grad()
def test_the_network_is_the_authors() -> None:
    method = made()
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES)))
    real, forged = GOLDEN["classes"].T
    np.testing.assert_allclose(network(FACE)["logit"], forged - real, atol=1e-4)


@torch.no_grad()
def test_both_constraints_are_the_authors() -> None:
    """On a true decomposition whose trained part has moved."""
    network = cast(Effort, made().network().eval())
    weights = filled(CLIP_NAMES)
    for name, part in residuals(network.tower.clip).items():
        layer = torch.nn.Linear(32, 32)
        layer.load_state_dict({k: weights[f"{name}.{k}"] for k in ("weight", "bias")})
        fresh = SVDResidualLinear(layer, 1)
        where, _, last = name.rpartition(".")
        setattr(network.tower.clip.get_submodule(where), last, fresh)
        for side in ("U_residual", "V_residual", "S_residual"):
            getattr(fresh, side).copy_(torch.from_numpy(GOLDEN[f"moved.{name}.{side}"]))
        assert part.weight_main.shape == fresh.weight_main.shape
    rest = {n: v for n, v in weights.items() if not n.endswith(tuple(_of_attention()))}
    network.tower.clip.load_state_dict(rest, strict=False)
    np.testing.assert_allclose(network.penalty(), GOLDEN["penalty"], atol=1e-4)
    np.testing.assert_allclose(network.tower.pooled(FACE), GOLDEN["pooled"], atol=1e-4)


def _of_attention() -> list[str]:
    return [f"{layer}.{kind}" for layer in LAYERS for kind in ("weight", "bias")]


def test_the_large_one_trains_as_few_numbers_as_the_paper_says() -> None:
    """24 blocks, four matrices, two directions of 1,024 and a value: 0.197 M, and the head."""
    counted = 24 * 4 * (2 * 1024 + 1)
    assert counted == 196_704
    small = made().network()
    trained = sum(p.numel() for p in small.parameters() if p.requires_grad)
    assert trained == 2 * 4 * (2 * 32 + 1) + 2 * 32 + 2


def learnt(penalty: float) -> tuple[Effort, list[float], dict[str, Tensor]]:
    """A short training on faces that are bright where they are forged."""
    torch.manual_seed(0)
    method = made(penalty=penalty)
    network = cast(Effort, method.network().train())
    began = {n: p.weight().detach().clone() for n, p in residuals(network).items()}
    label = (torch.arange(8) % 2).float()
    batch = {"face": noise((8, 3, 28, 28), 1, 0, 155) + 100 * label[:, None, None, None]}
    batch["label"] = label
    free = [p for p in network.parameters() if p.requires_grad]
    rule = torch.optim.Adam(free, lr=0.02)
    losses = []
    for _ in range(25):
        loss, parts = method.loss(network, batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
        losses.append(parts["bce"])
    return network, losses, began


def test_what_was_known_stays_and_the_constraints_hold_it() -> None:
    bound, losses, began = learnt(penalty=1.0)
    assert losses[-1] < 0.5 * losses[0]
    for name, part in residuals(bound).items():
        change = part.weight().detach() - began[name]
        values = torch.linalg.svdvals(change)
        assert values[2] < 1e-4, "a change is of the rank of the old and the new direction"
    free, more, _ = learnt(penalty=0.0)
    assert more[-1] < 0.5 * more[0]
    assert float(bound.penalty().detach()) < 0.5 * float(free.penalty().detach())


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit Effort"):
        made().convert(filled({"backbone.head.weight": (2, 32)}))
