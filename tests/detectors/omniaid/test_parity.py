"""OmniAID against the authors' network (yunncheng/OmniAID 4074940)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.image.omniaid.experts import ExpertLinear, balance
from unmask.detectors.image.omniaid.method import OmniAidMethod
from unmask.detectors.image.omniaid.model import OmniAid
from unmask.errors import SettingError, UnknownName
from unmask.nn.towers import TINY

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
GOLDEN = np.load(HERE / "golden.npz")
PICTURE = noise((3, 3, 28, 28), 81, 0, 255)
LABEL = torch.tensor([0.0, 1.0, 1.0])
DOMAIN = torch.tensor([0, 2, -1])
EXPERTS = ("a", "b", "c", "artefact")


def checkpoint() -> dict[str, Tensor]:
    """Frozen directions are orthonormal, as in a true file."""
    made = filled(NAMES)
    for name, value in made.items():
        if name.endswith(".U_r"):
            made[name] = torch.linalg.qr(value).Q
        elif name.endswith(".V_r"):
            made[name] = torch.linalg.qr(value.T).Q.T.contiguous()
    return made


def method(**settings: Any) -> OmniAidMethod:
    return OmniAidMethod(
        {
            "experts": EXPERTS,
            "rank": 3,
            "hidden": 8,
            "top": 2,
            "orthogonality": 0.01,
            "evenness": 0.1,
            "routing": 0.1,
            "smoothing": 0.0,
            "backbone_config": TINY,
            **settings,
        }
    )


def filled_network(**settings: Any) -> tuple[OmniAidMethod, Any]:
    kind = method(**settings)
    network = kind.network().eval()
    network.load_state_dict(kind.convert(checkpoint()))
    return kind, network


def batch() -> dict[str, Tensor]:
    return {"picture": PICTURE, "label": LABEL, "domain": DOMAIN}


@torch.no_grad()
def test_the_network_and_the_loss_of_the_router_are_the_authors() -> None:
    kind, network = filled_network(stage="router")
    given = network(PICTURE)
    real, forged = GOLDEN["cls"].T
    np.testing.assert_allclose(given["logit"], forged - real, atol=1e-4)
    np.testing.assert_allclose(given["gates"], GOLDEN["gates"], atol=1e-4)
    assert kind.loss(network, batch())[0].item() == pytest.approx(GOLDEN["loss2"], abs=1e-4)


@torch.no_grad()
def test_an_expert_by_itself_and_its_overlap_are_the_authors() -> None:
    """One of content is held against those before it; that of artefacts against none."""
    kind, network = filled_network(stage="experts", active="c")
    real, forged = GOLDEN["hard"].T
    np.testing.assert_allclose(network(PICTURE)["logit"], forged - real, atol=1e-4)
    assert kind.overlap(network).item() == pytest.approx(GOLDEN["orth"], abs=1e-3)
    assert kind.loss(network, batch())[0].item() == pytest.approx(GOLDEN["loss1"], abs=1e-4)
    kind, network = filled_network(stage="experts", active="artefact")
    assert kind.overlap(network).item() == pytest.approx(GOLDEN["orth3"], abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "moving"),
    [
        ({"stage": "router"}, {"router", "head"}),
        ({"stage": "experts", "active": "b"}, {"clip", "head"}),
    ],
)
def test_each_stage_trains_its_own_parts(settings: dict[str, str], moving: set[str]) -> None:
    network = method(**settings).network()
    names = [name for name, value in network.named_parameters() if value.requires_grad]
    assert {name.split(".")[0] for name in names} == moving
    experts = {name.rpartition(".")[2] for name in names if "_experts." in name}
    assert experts <= {"1"}


@torch.no_grad()
def test_an_expert_alone_starts_as_the_plain_layer_and_a_router_adds_it_twice() -> None:
    """Every expert begins with the same rest of the weight, as in the authors' program: with the
    expert of artefacts always on, untrained ones count twice."""
    torch.manual_seed(0)
    plain = torch.nn.Linear(12, 12)
    layer = ExpertLinear(plain, 3, 2)
    x = torch.randn(2, 5, 12)
    alone = torch.tensor([[0.0, 1.0, 0.0]]).expand(2, -1)
    torch.testing.assert_close(layer(x, alone), plain(x), atol=1e-5, rtol=1e-4)
    both = torch.tensor([[0.0, 1.0, 1.0]]).expand(2, -1)
    rest = plain.weight - layer.weight_main
    torch.testing.assert_close(layer(x, both), plain(x) + x @ rest.T, atol=1e-5, rtol=1e-4)
    assert layer.overlap(1, []).item() == pytest.approx(0, abs=1e-3)
    assert layer.overlap(1, [0]).item() > 0.5  # it still is the expert before it


def test_an_even_router_has_the_least_balance() -> None:
    even = torch.tensor([[3.0, -3], [-3, 3]])
    lopsided = torch.tensor([[3.0, -3], [3, -3]])
    gates = torch.tensor([[1.0, 0, 1], [0, 1, 1]])
    same = torch.tensor([[1.0, 0, 1], [1, 0, 1]])
    assert balance(even, gates).item() == pytest.approx(1)
    assert balance(lopsided, same).item() > 1.9


def test_the_router_learns_which_expert_a_picture_belongs_to() -> None:
    """Dark pictures are of one domain, bright ones of another: the gates say which."""
    torch.manual_seed(0)
    kind = method(stage="router", top=1, experts=("dark", "bright", "artefact"), routing=1.0)
    network = kind.network()
    assert isinstance(network, OmniAid)
    domain = torch.arange(16) % 2
    picture = 60 + 120 * domain[:, None, None, None] + 20 * torch.rand(16, 3, 28, 28)
    given = {"picture": picture, "label": (torch.arange(16) // 2 % 2).float(), "domain": domain}
    moving = [value for value in network.parameters() if value.requires_grad]
    optimiser = torch.optim.Adam(moving, lr=0.02)
    for _ in range(60):
        loss, _ = kind.loss(network.train(), given)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        gates = network.eval()(picture)["gates"]
    assert torch.equal(gates[:, :2].argmax(1), domain)
    assert torch.equal(gates[:, 2], torch.ones(16))


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName, match="expert"):
        method(active="dog")
    with pytest.raises(UnknownName, match="stage"):
        method(stage="third")
    with pytest.raises(SettingError, match="'top'"):
        method(top=4).network()
