"""WavLM's back ends against those of zlin0/wedefense (e7287fe) on made layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.wavlm_backends.convert import renamed
from unmask.detectors.audio.wavlm_backends.method import WavLmBackendsMethod
from unmask.detectors.audio.wavlm_backends.model import (
    AttentiveStatistics,
    HeadsOfLayers,
    WavLmBackend,
)
from unmask.errors import ModelError
from unmask.nn.speech import TINY

GOLDEN = np.load(Path(__file__).parent / "golden.npz")
MHFA = {
    "weights_k": [3],
    "weights_v": [3],
    "cmp_linear_k.weight": [128, 16],
    "cmp_linear_k.bias": [128],
    "cmp_linear_v.weight": [128, 16],
    "cmp_linear_v.bias": [128],
    "att_head.weight": [32, 128],
    "att_head.bias": [32],
    "pooling_fc.weight": [256, 4096],
    "pooling_fc.bias": [256],
}
ASP = {"linear1.weight": [128, 16, 1], "linear1.bias": [128],
       "linear2.weight": [16, 128, 1], "linear2.bias": [16]}  # fmt: skip
LAYERS = noise((2, 3, 20, 16), 7, -2, 2)


@torch.no_grad()
def test_heads_of_layers() -> None:
    ours = HeadsOfLayers(3, 16)
    ours.load_state_dict(
        {n.removeprefix("backend."): v for n, v in renamed(filled(MHFA, gain=2)).items()}
    )
    np.testing.assert_allclose(ours(LAYERS), GOLDEN["mhfa"], atol=1e-5)


@torch.no_grad()
def test_attentive_statistics() -> None:
    ours = AttentiveStatistics(3, 16)
    made = filled(ASP, gain=2)
    for part, name in ((ours.narrow, "linear1"), (ours.weigh, "linear2")):
        part.weight.copy_(made[f"{name}.weight"][..., 0])
        part.bias.copy_(made[f"{name}.bias"])
    np.testing.assert_allclose(ours.pooled(LAYERS[:, 0]), GOLDEN["asp"], atol=1e-5)


def test_a_whole_checkpoint_of_the_toolkit() -> None:
    """Encoder by the names of WavLM's authors, back end, projection; one that lacks is refused."""
    method = WavLmBackendsMethod(WavLmBackendsMethod.small)
    with pytest.raises(ModelError, match=r"lacks 'classify\.bias'"):
        method.convert(filled(MHFA))
    network = method.network()
    ours = network.state_dict()
    whole = {n: v for n, v in ours.items() if n.startswith("front.")}
    theirs = renamed({**filled(MHFA), "projection.weight": torch.ones(2, 256),
                      "projection.bias": torch.zeros(2)})  # fmt: skip
    assert set(theirs) | set(whole) == set(ours)


@torch.no_grad()
def test_a_head_may_look_at_one_moment_by_one_layer() -> None:
    """Keys from layer 0 and values from layer 2: the answer is the frame of layer 2 to which
    layer 0 points."""
    back = HeadsOfLayers(3, 16, heads=1, narrow=16)
    for sum_, layer in ((back.keys, 0), (back.values, 2)):
        sum_.weights.copy_(torch.tensor([-60.0, -60.0, -60.0]))
        sum_.weights[layer] = 60
    for part in (back.narrow_keys, back.narrow_values):
        part.weight.copy_(torch.eye(16))
        part.bias.zero_()
    back.heads.weight.zero_()
    back.heads.weight[0, 0] = 60
    seen: list[torch.Tensor] = []
    back.join.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    layers = LAYERS.clone()
    layers[:, 0, :, 0] = 0
    layers[0, 0, 5, 0], layers[1, 0, 11, 0] = 2, 2
    back(layers)
    torch.testing.assert_close(seen[0], torch.stack([layers[0, 2, 5], layers[1, 2, 11]]))


def test_the_encoder_moves_a_tenth_as_much() -> None:
    torch.manual_seed(0)
    network = WavLmBackendsMethod(WavLmBackendsMethod.small | {"backbone_config": TINY}).network()
    assert isinstance(network, WavLmBackend)
    sound = noise((2, 4000), 3, -0.3, 0.3)
    sizes = []
    for slowed in (1.0, 0.1):
        network.slowed = slowed
        network.zero_grad()
        network.train()(sound)["logit"].sum().backward()
        value = network.front.encoder.feature_projection.projection.weight.grad
        assert value is not None
        sizes.append(float(value.norm()))
    assert sizes[1] == pytest.approx(0.1 * sizes[0], rel=1e-3)
