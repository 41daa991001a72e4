"""RawNet2 against the authors' network (asvspoof-challenge/2021 9b33f5e)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.rawnet2.convert import renamed
from unmask.detectors.audio.rawnet2.method import RawNet2Method
from unmask.detectors.audio.rawnet2.model import Block
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


@torch.no_grad()
def test_made_weights() -> None:
    method = RawNet2Method(RawNet2Method.small)
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES["small"], gain=1.4)))
    given = network(noise((2, 16000), 1, -0.5, 0.5))
    bona_fide_second = GOLDEN["classes"]
    np.testing.assert_allclose(given["classes"], bona_fide_second[:, ::-1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(method.score(given), -bona_fide_second[:, 1], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(given["classes"].exp().sum(1), torch.ones(2))


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = RawNet2Method().network()
        assert set(fitted(network, renamed(theirs), "it")) == set(network.state_dict())


def test_another_networks_checkpoint_is_refused() -> None:
    lacking = filled(NAMES["small"])
    del lacking["fc2_gru.bias"]
    with pytest.raises(ModelError, match=r"lacks 'classify\.bias'"):
        RawNet2Method(RawNet2Method.small).convert(lacking)


def test_a_block_weighs_its_channels_by_what_they_hold() -> None:
    """A channel that the scale closes gives nothing, one that it opens its maxima and one more."""
    block = Block(2, 2).eval()
    with torch.no_grad():
        for part in (block.conv1, block.conv2, block.scale):
            part.weight.zero_()
            part.bias.zero_()
        block.scale.bias.copy_(torch.tensor([-40.0, 40.0]))
        x = noise((1, 2, 9), 3)
        given = block(x)
    maxima = x.unfold(-1, 3, 3).amax(-1)
    assert given[0, 0].abs().max() < 1e-6
    torch.testing.assert_close(given[0, 1], maxima[0, 1] + 1)


def test_real_voices_weigh_more() -> None:
    """With equal scores everywhere the loss is ln 2; a right lean on reals lowers it most."""
    method = RawNet2Method(RawNet2Method.small)
    label = torch.tensor([0.0, 1.0])

    def loss_of(lean: list[float]) -> float:
        fixed = torch.nn.Module()
        classes = torch.stack([torch.zeros(2), torch.tensor(lean)], 1).log_softmax(1)
        fixed.forward = lambda _: {"classes": classes}  # type: ignore[method-assign]
        return method.loss(fixed, {"sound": torch.zeros(2, 8), "label": label})[1]["loss"]

    assert loss_of([0, 0]) == pytest.approx(np.log(2), abs=1e-6)
    assert loss_of([-3, 0]) < loss_of([0, 3]) < loss_of([0, 0]) < loss_of([3, 0])
