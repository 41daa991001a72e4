"""SRM against DeepfakeBench's detector (SCLBD/DeepfakeBench 8a4a7bf), and where its noise looks."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from official import filled, noise
from unmask.detectors.image.srm.blocks import CrossAttention, NoiseAttention
from unmask.detectors.image.srm.method import margin_loss
from unmask.detectors.image.srm.model import TwoStreams, places
from unmask.train.method import Method, method_named

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
FACE = noise((2, 3, 96, 96), 15)


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("srm")({"side": 96})


@torch.no_grad()
def test_map_and_classes_are_the_authors(method: Method) -> None:
    network = cast(TwoStreams, method.network().eval())
    checkpoint = filled(NAMES, gain=1.05)
    with torch.device("meta"):  # the names are compared with those of a second network
        state = method.convert(checkpoint)
    network.load_state_dict(state)
    seen: list[Tensor] = []
    network.attention.register_forward_hook(lambda module, given, made: seen.append(made))
    classes = network((FACE + 1) * 127.5)["classes"]
    np.testing.assert_allclose(seen[0][:, 0, ::8, ::8], GOLDEN["map"], atol=1e-4)
    np.testing.assert_allclose(classes, GOLDEN["classes"], rtol=1e-5, atol=1e-4)


def test_the_loss_is_the_authors() -> None:
    classes = torch.tensor([[0.3, -0.2], [0.1, 0.9], [-0.5, 0.4]])
    loss, _ = margin_loss(classes, torch.tensor([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(loss, GOLDEN["loss"], rtol=1e-5)


@torch.no_grad()
def test_the_noise_says_where_to_look() -> None:
    """A patch of foreign noise changes the map there and nowhere else."""
    torch.manual_seed(0)
    attention = NoiseAttention().eval()
    quiet = torch.zeros(1, 3, 96, 96)
    noisy = quiet.clone()
    noisy[..., 60:84, 60:84] = noise((3, 24, 24), 2)
    change = (attention(noisy) - attention(quiet)).abs()[0, 0]
    assert float(change[30:40, 30:40].mean()) > 0.01
    assert float(change[:20, :20].max()) == 0.0


@torch.no_grad()
def test_streams_begin_apart_and_take_from_each_other_after() -> None:
    torch.manual_seed(0)
    cross = CrossAttention(16, places(64))
    first, second = noise((1, 16, 4, 4), 3), noise((1, 16, 4, 4), 4)
    same = cross(first, second)
    assert torch.equal(same[0], first)
    assert torch.equal(same[1], second)
    cross.share_first.fill_(1.0)
    moved = cross(first, 2 * second)[0] - cross(first, second)[0]
    assert float(moved.abs().max()) > 0
    assert torch.equal(cross(first, second)[1], second)
