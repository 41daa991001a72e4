"""The baseline of DeepfakeBench-MM against the authors' (SCLBD/DeepfakeBench-MM e105943)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audiovisual.deepfakebench_mm.method import DeepfakeBenchMmMethod
from unmask.detectors.audiovisual.deepfakebench_mm.model import MultimodalBaseline, Weighed
from unmask.errors import ModelError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
GOLDEN = np.load(HERE / "golden.npz")
MEAN, SPREAD = (
    torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
)


class Given(torch.nn.Module):
    """Cepstra instead of sound."""

    def forward(self, cepstra: torch.Tensor) -> torch.Tensor:
        return cepstra


def loaded() -> MultimodalBaseline:
    method = DeepfakeBenchMmMethod({"width": 64})
    network = method.network().eval()
    assert isinstance(network, MultimodalBaseline)
    network.load_state_dict(method.convert(filled(NAMES, gain=1.6)))
    return network


@torch.no_grad()
def test_made_weights() -> None:
    network = loaded()
    network.cepstra = Given()
    shown = noise((2, 5, 3, 32, 32), 1, -1.5, 1.5)
    given = network((shown * SPREAD + MEAN) * 255, noise((2, 19, 13), 2, -3, 3))
    np.testing.assert_allclose(given["logit"], GOLDEN["logit"], rtol=1e-4, atol=1e-4)


def test_another_checkpoint_is_refused() -> None:
    lacking = filled(NAMES)
    del lacking["mlp.mlp.6.bias"]
    with pytest.raises(ModelError, match=r"lacks 'judge\.6\.bias'"):
        DeepfakeBenchMmMethod({"width": 64}).convert(lacking)


@torch.no_grad()
def test_a_second_gives_as_many_vectors_of_both() -> None:
    network = DeepfakeBenchMmMethod({"width": 16}).network().eval()
    heard = network.hear(network.cepstra(noise((1, 16000), 3, -0.2, 0.2)))
    seen = network.see(noise((1, 3, 25, 32, 32), 4))
    assert heard.shape == seen.shape == (1, 25, 16)


@torch.no_grad()
def test_a_map_counts_as_much_as_its_weight_says() -> None:
    """Closed weights leave the bypass alone; open ones add the whole inner map."""
    block = Weighed(2, 2, 1).eval()
    x = noise((1, 2, 6, 5), 5)
    inner = block.bn2(block.conv2(block.bn1(block.conv1(x).relu())))
    for bias, share in ((-40.0, 0.0), (40.0, 1.0)):
        block.weigh[2].weight.zero_()
        block.weigh[2].bias.fill_(bias)
        torch.testing.assert_close(block(x), (x + share * inner).relu())


def test_sound_and_picture_both_count() -> None:
    network = loaded()
    video = noise((1, 4, 3, 32, 32), 6, 0, 255).requires_grad_()
    sound = noise((1, 2560), 7, -0.3, 0.3).requires_grad_()
    network(video, sound)["logit"].sum().backward()
    for value in (video, sound):
        assert value.grad is not None
        assert value.grad.abs().sum() > 0
