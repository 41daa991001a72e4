"""NFA-ViT against the authors' network (clpbc/BR-Gen 4ced0e0)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.nfa_vit.amplify import NoiseBlock, grid, least
from unmask.detectors.image.nfa_vit.convert import renamed
from unmask.detectors.image.nfa_vit.loss import pixels_and_picture
from unmask.detectors.image.nfa_vit.method import NfaVitMethod, from_segformer
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


WIDE = {
    "side": 128,
    "noise_config": {"widths": (8, 16, 20, 32), "depths": (1, 2, 1, 1)},
    "picture_config": {"widths": (16, 32, 40, 64), "depths": (2, 1, 2, 2), "decoder": 24},
}


def method() -> NfaVitMethod:
    return NfaVitMethod(WIDE)


@pytest.fixture(scope="module")
def network() -> Any:
    made = method().network().eval()
    made.load_state_dict(method().convert(filled(NAMES["small"], gain=1.4)))
    return made


@pytest.fixture(scope="module")
def given(network: Any) -> dict[str, torch.Tensor]:
    """The outputs, and what the third stage of the noise stream names."""
    kept = {}
    listening = network.noise[2].register_forward_hook(
        lambda stage, came, gave: kept.update(named=gave[1])
    )
    with torch.no_grad():
        outputs: dict[str, torch.Tensor] = network(noise((2, 3, 128, 128), 4, 0, 255))
    listening.remove()
    return outputs | kept


def test_made_weights(given: dict[str, torch.Tensor]) -> None:
    np.testing.assert_allclose(given["mask"][:, ::3, ::3], GOLDEN["mask"], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(given["logit"], GOLDEN["logit"], rtol=1e-4, atol=1e-4)
    assert (np.packbits(given["named"]) == GOLDEN["named"]).all()


def test_the_loss_is_the_authors(given: dict[str, torch.Tensor]) -> None:
    target = torch.zeros(2, 128, 128)
    target[1, 10:60, 20:90] = 1
    label = torch.tensor([0.0, 1.0])
    loss, _, _ = pixels_and_picture(
        given["mask"], target, torch.ones_like(target), given["logit"], label, 0.5
    )
    assert float(loss) == pytest.approx(float(GOLDEN["loss"]), abs=1e-4)


def test_a_forged_picture_without_a_mask_counts_as_a_picture_only() -> None:
    mask, target = torch.full((2, 4, 4), 3.0), torch.zeros(2, 4, 4)
    known = torch.tensor([0.0, 1.0])[:, None, None].expand(2, 4, 4)
    label, logit = torch.tensor([1.0, 0.0]), torch.zeros(2)
    once = pixels_and_picture(mask, target, known, logit, label, 0.5)
    mask[0] = -9
    assert pixels_and_picture(mask, target, known, logit, label, 0.5) == once


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        whole = NfaVitMethod().network()
        assert set(fitted(whole, renamed(theirs), "nfa_vit")) == set(whole.state_dict())


def test_another_checkpoint_is_refused() -> None:
    lacking = filled(NAMES["small"])
    del lacking["cls_decoder.2.weight"]
    with pytest.raises(ModelError, match=r"lacks 'detect\.weight'"):
        method().convert(lacking)


def test_a_cell_looks_at_a_quarter_of_the_keys_in_a_grid() -> None:
    allowed = grid(torch.zeros(1, 1, 16, 16), 2)
    assert allowed.shape == (256, 64)
    assert allowed.sum(1).eq(16).all()
    corner = allowed[0].reshape(8, 8)
    assert corner[::2, ::2].all()
    assert not corner[1::2].any()
    # Cells of one key's square share its grid; the neighbouring square has another.
    assert allowed[0].equal(allowed[17])
    assert not (allowed[0] & allowed[2]).any()


def test_noise_names_the_keys_it_heeds_least() -> None:
    """Two kinds of noise: cells of the one name keys of the other."""
    block = NoiseBlock(4, 1, 1).eval()
    with torch.no_grad():
        for part in (block.attention.query, block.attention.key_value):
            part.weight.zero_()
            part.bias.zero_()
            part.weight[:4] = torch.eye(4)
    kinds = torch.tensor([[5.0, 0, 0, 0]] * 12 + [[0.0, 5, 0, 0]] * 4)[None]
    tokens = kinds + noise((1, 16, 4), 2) * 0.1
    _, named = block.judged(tokens.mT.reshape(1, 4, 4, 4))
    assert named.shape == (1, 16, 16)
    assert named[0].sum(1).eq(4).all()
    assert named[0, :12, 12:].all()
    assert not named[0, 12:, 12:].any()
    assert least(torch.tensor([[3.0, 1.0, 2.0]])).tolist() == [[False, True, False]]


def test_what_noise_does_not_name_is_not_looked_at() -> None:
    """In the last block a cell answers to the keys named for it and to no other."""
    stage = method().network().eval().rgb[3]
    block = stage.blocks[-1]
    allowed = torch.zeros(8, 16, 16, dtype=torch.bool)
    allowed[..., 0, 5] = True  # all that the first cell may look at
    allowed[..., 1:, :] = True
    tokens = noise((1, 16, 64), 3)
    other, named = tokens.clone(), tokens.clone()
    other[:, 9] += 1
    named[:, 5] += 1
    with torch.no_grad():
        heard, *changed = (
            block.attention(block.norm1(x.mT.reshape(1, 64, 4, 4)), allowed)[0].flatten(1).T
            for x in (tokens, other, named)
        )
    assert heard[0].equal(changed[0][0])
    assert not heard[0].equal(changed[1][0])
    assert not heard[1].equal(changed[0][1])


def test_the_noise_stream_never_learns() -> None:
    """Nothing of it reaches the loss, in the authors' program neither; so it is frozen."""
    made = NfaVitMethod(NfaVitMethod.small)
    network = made.network().train()
    before = {name: value.clone() for name, value in network.named_buffers()}
    made.loss(network, made.example())[0].backward()
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert reached == {"rgb", "mask_head", "detect"}
    assert all(value.equal(before[name]) for name, value in network.named_buffers())


def test_segformer_starts_both_streams() -> None:
    from transformers import SegformerConfig, SegformerModel

    network = method().network()
    for part, setting in (("noise", "noise_config"), ("rgb", "picture_config")):
        small: Any = WIDE[setting]
        config = SegformerConfig(hidden_sizes=list(small["widths"]), depths=list(small["depths"]))
        theirs = SegformerModel(config).state_dict()
        stages = from_segformer(theirs, noise=part == "noise")
        network.get_submodule(part).load_state_dict(stages)
    first = network.noise[0].embed.weight
    assert first.shape[1] == 1
    with pytest.raises(ModelError, match="noiseprint"):
        NfaVitMethod().network(pretrained=True)
    with pytest.raises(ModelError, match="multiple of 32"):
        NfaVitMethod({"side": 100})
