"""Adapters of frozen encoders, against the authors' layers on made weights.

``adapters.npz`` holds what gurayozgur/MADation 0542cf8 (rank-stabilised LoRA) and
YZY-stack/Effort-AIGI-Detection 96f5dea gave.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from official import filled, noise
from unmask.errors import ModelError, SettingError
from unmask.nn.lora import LoRALinear, add_lora
from unmask.nn.svd_residual import SVDResidualLinear, add_svd_residuals, beginnings
from unmask.nn.towers import TINY, ClipTower
from unmask.nn.trainable import train_only

GOLDEN = np.load(Path(__file__).parent / "adapters.npz")
THIN = {"lora_A": "w_lora_A", "lora_B": "w_lora_B"}


def linear(inside: int, out: int) -> nn.Linear:
    plain = nn.Linear(inside, out)
    plain.load_state_dict(filled({"weight": (out, inside), "bias": (out,)}))
    return plain


def fill(layer: LoRALinear, beginning: str = "") -> None:
    """Made weights under the authors' names."""
    shapes = {f"{beginning}{THIN[n]}": getattr(layer, n).shape for n in THIN}
    made = filled(shapes)
    with torch.no_grad():
        for name in THIN:
            getattr(layer, name).copy_(made[f"{beginning}{THIN[name]}"])


@torch.no_grad()
def test_stabilised_lora_is_the_authors() -> None:
    layer = LoRALinear(linear(12, 9), rank=4, alpha=8, stabilised=True)
    fill(layer)
    ours = layer(noise((5, 12), 11))
    np.testing.assert_allclose(ours, GOLDEN["lora"], atol=1e-5)
    torch.testing.assert_close(layer.folded()(noise((5, 12), 11)), ours, atol=1e-5, rtol=0)


@torch.no_grad()
def test_lora_in_an_attention_is_the_authors() -> None:
    heads, width = 4, 16
    packed = filled(
        {
            "in_proj_weight": (3 * width, width),
            "in_proj_bias": (3 * width,),
            "out_proj.weight": (width, width),
            "out_proj.bias": (width,),
        }
    )
    layers = {}
    for letter, weight, bias in zip(
        "qkv", packed["in_proj_weight"].chunk(3), packed["in_proj_bias"].chunk(3), strict=True
    ):
        plain = nn.Linear(width, width)
        plain.load_state_dict({"weight": weight, "bias": bias})
        layers[f"{letter}_proj"] = plain
    network = nn.ModuleDict(layers)
    assert add_lora(network, ["q_proj", "v_proj"], 2, 4, stabilised=True) == ["q_proj", "v_proj"]
    for name in ("q_proj", "v_proj"):
        layer = network[name]
        assert isinstance(layer, LoRALinear)
        fill(layer, f"{name}.")
    x = noise((2, 5, width), 12)
    split = [network[f"{n}_proj"](x).unflatten(-1, (heads, -1)).transpose(1, 2) for n in "qkv"]
    heard = nn.functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
    ours = nn.functional.linear(heard, packed["out_proj.weight"], packed["out_proj.bias"])
    np.testing.assert_allclose(ours, GOLDEN["attention"], atol=1e-5)


def test_lora_starts_as_the_plain_network_and_learns_nothing_else() -> None:
    torch.manual_seed(0)
    tower = ClipTower(changed=TINY).eval()
    picture = noise((2, 3, 28, 28), 1, 0, 255)
    with torch.no_grad():
        before = tower(picture).pooled
    plain = set(tower.state_dict())
    found = add_lora(tower, ["self_attn.q_proj", "self_attn.v_proj"], rank=2, alpha=4)
    assert len(found) == 2 * TINY["num_hidden_layers"]
    assert plain <= set(tower.state_dict()), "a checkpoint of the plain network still fits"
    seen = tower(picture).pooled
    torch.testing.assert_close(seen, before, atol=1e-6, rtol=0)
    seen.sum().backward()
    moving = {n for n, p in tower.named_parameters() if p.requires_grad}
    assert moving == {f"{n}.lora_{side}" for n in found for side in "AB"}
    assert all(tower.get_parameter(f"{n}.lora_B").grad is not None for n in found)


def test_the_scales_of_both_papers() -> None:
    assert LoRALinear(linear(12, 9), 4, 8).scaling == 2
    assert LoRALinear(linear(12, 9), 4, 8, stabilised=True).scaling == 4


def test_ranks_and_names_that_are_not_there_are_refused() -> None:
    with pytest.raises(SettingError, match="1 to 9"):
        LoRALinear(linear(12, 9), 10, 1)
    with pytest.raises(SettingError, match="1 to 8"):
        SVDResidualLinear(linear(12, 9), 9)
    with pytest.raises(ModelError, match="there are: 0, 1"):
        add_lora(nn.Sequential(linear(4, 4), linear(4, 4)), ["q_proj"], 1, 1)


def state(name: str) -> Tensor:
    return torch.from_numpy(GOLDEN[f"svd.state.{name}"])


def test_the_residual_is_the_authors() -> None:
    layer = SVDResidualLinear(linear(10, 10), rank=2)
    torch.testing.assert_close(layer.weight(), linear(10, 10).weight, atol=1e-6, rtol=0)
    assert float(layer.orthogonality().detach()) < 1e-5
    assert float(layer.drift().detach()) < 1e-4
    torch.testing.assert_close(layer.weight_main, state("weight_main"), atol=1e-5, rtol=0)
    with torch.no_grad():
        for name, value in layer.named_parameters():
            value.copy_(state(name))
    # The sign of a singular direction is free, so that of the start is taken from theirs.
    left, right = beginnings(state("U_r"), state("V_r"), 2)
    torch.testing.assert_close(left @ left.T, layer.U_start @ layer.U_start.T, atol=1e-5, rtol=0)
    torch.testing.assert_close(right.T @ right, layer.V_start.T @ layer.V_start, atol=1e-5, rtol=0)
    x = noise((3, 10), 13)
    with torch.no_grad():
        np.testing.assert_allclose(layer(x), GOLDEN["svd.y"], atol=1e-5)
        np.testing.assert_allclose(layer.folded()(x), GOLDEN["svd.y"], atol=1e-5)
        np.testing.assert_allclose(layer.orthogonality(), GOLDEN["svd.orth"], atol=1e-5)
        np.testing.assert_allclose(layer.drift(), GOLDEN["svd.keep"], atol=1e-5)


def test_only_the_least_directions_learn_and_the_rest_of_the_space_stays() -> None:
    torch.manual_seed(0)
    tower = ClipTower(changed=TINY)
    found = add_svd_residuals(tower.clip, [f"self_attn.{n}_proj" for n in ("q", "k", "v", "out")])
    width = TINY["hidden_size"]
    trained = sum(p.numel() for p in tower.parameters() if p.requires_grad)
    assert trained == len(found) * (2 * width + 1) == 4 * TINY["num_hidden_layers"] * 65
    loss = tower(noise((2, 3, 28, 28), 1, 0, 255)).pooled.square().mean()
    first = tower.clip.get_submodule(found[0])
    (loss + first.orthogonality() + first.drift()).backward()
    for parameter in tower.parameters():
        assert parameter.requires_grad == (parameter.grad is not None)
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize(
    ("switch", "wanted"),
    [
        ("none", 0),
        ("norms", (2 * 2 + 2) * 2 * 32),
        ("all", None),
        ("last:1", None),
        ("biases", None),
    ],
)
def test_switches(switch: str, wanted: int | None) -> None:
    tower = ClipTower(changed=TINY)
    count = train_only(tower, switch)
    moving = {n for n, p in tower.named_parameters() if p.requires_grad}
    assert count == sum(tower.get_parameter(n).numel() for n in moving)
    assert wanted is None or count == wanted
    if switch == "all":
        assert count == sum(p.numel() for p in tower.parameters())
    if switch == "norms":
        assert all("norm" in name or "layrnorm" in name for name in moving)
    if switch == "last:1":
        assert moving == {n for n, _ in tower.named_parameters() if ".layers.1." in n}
    if switch == "biases":
        assert all(name.endswith(".bias") for name in moving)


@pytest.mark.parametrize("switch", ["last:9", "last:", "last:0", "head"])
def test_switches_that_are_none(switch: str) -> None:
    with pytest.raises(SettingError, match="asked to train"):
        train_only(ClipTower(changed=TINY), switch)
