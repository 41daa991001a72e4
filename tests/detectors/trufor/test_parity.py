"""TruFor against the authors' network (grip-unina/TruFor ae54475)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.trufor.convert import renamed
from unmask.detectors.image.trufor.loss import (
    confidence_loss,
    detection_loss,
    localisation_loss,
)
from unmask.detectors.image.trufor.method import TruForMethod
from unmask.errors import DataError, ModelError, UnknownName
from unmask.nn.noiseprint import LAYERS
from unmask.nn.segformer_names import stages_of_segformer
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
NARROW: dict[str, Any] = {
    **TruForMethod.small,
    "backbone_config": {
        "widths": (16, 32, 40, 64),
        "depths": (1, 2, 1, 1),
        "heads": (1, 2, 5, 8),
        "decoder": 24,
    },
    "noiseprint_layers": LAYERS,
}
"""All stages and layers, narrow."""


def off(ours: torch.Tensor, theirs: Any) -> float:
    """Largest difference, relative where numbers are large."""
    gap = np.abs(ours.detach().numpy() - theirs)
    return float((gap / np.maximum(1, np.abs(theirs))).max())


@pytest.fixture(scope="module")
def given() -> dict[str, torch.Tensor]:
    method = TruForMethod(NARROW)
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES["small"], gain=1.4)))
    picture = noise((2, 3, 72, 100), seed=4, low=0, high=255)
    with torch.no_grad():
        return {**network(picture), "noiseprint": network.noiseprint(picture / 256)[:, 0]}


def test_made_weights(given: dict[str, torch.Tensor]) -> None:
    out = GOLDEN["out"]
    assert off(given["noiseprint"][:, ::6, ::6], GOLDEN["npp"]) < 1e-4
    assert off(given["mask"][:, ::3, ::3], out[:, 1] - out[:, 0]) < 1e-4
    assert off(given["confidence"][:, ::3, ::3], GOLDEN["conf"][:, 0]) < 1e-4
    assert off(given["logit"], GOLDEN["det"][:, 0]) < 1e-4


def test_losses(given: dict[str, torch.Tensor]) -> None:
    target = torch.zeros(2, 72, 100)
    target[1, 10:40, 20:70] = 1
    known = torch.ones_like(target)
    known[:, :, 90:] = 0
    mask, confidence = given["mask"], given["confidence"]
    assert off(localisation_loss(mask, target, known), GOLDEN["loss_loc"]) < 1e-4
    assert off(confidence_loss(confidence, mask, target, known), GOLDEN["loss_conf"]) < 1e-4
    label = torch.tensor([0.0, 1.0])
    assert off(detection_loss(given["logit"], label), GOLDEN["loss_det"]) < 1e-4


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["b2"].items()}
        network = TruForMethod().network()
        assert set(fitted(network, renamed(theirs), "trufor")) == set(network.state_dict())


def test_the_second_phase_lacks_the_later_heads() -> None:
    second = {
        name: value
        for name, value in filled(NAMES["small"]).items()
        if not name.startswith(("decode_head_conf.", "detection."))
    }
    method = TruForMethod({**NARROW, "phase": "detection"})
    state = method.convert(second)
    head = "backbone.block1.0.attn.q.weight"
    assert torch.equal(state["rgb.0.blocks.0.attention.query.weight"], second[head])
    del second[head]
    with pytest.raises(ModelError, match="lacks"):
        method.convert(second)


def test_segformer_becomes_both_streams() -> None:
    """The encoder of transformers gives the maps of our stream when its state is taken over."""
    from transformers import SegformerConfig, SegformerModel

    small = NARROW["backbone_config"]
    config = SegformerConfig(
        hidden_sizes=list(small["widths"]),
        depths=list(small["depths"]),
        num_attention_heads=list(small["heads"]),
    )
    theirs = SegformerModel(config).eval()
    stream = TruForMethod(NARROW).network().eval().rgb
    stream.load_state_dict(stages_of_segformer(theirs.state_dict()))
    picture = noise((1, 3, 64, 64), seed=5)
    with torch.no_grad():
        maps = theirs(picture, output_hidden_states=True).hidden_states
        ours = picture
        for stage, map_ in zip(stream, maps, strict=True):
            ours = stage(ours)
            assert off(ours, map_.numpy()) < 1e-4


@pytest.mark.parametrize(
    ("phase", "moving"),
    [
        ("localisation", {"rgb", "noise", "rectify", "fuse", "mask_head"}),
        ("detection", {"confidence_head", "detect"}),
    ],
)
def test_each_phase_trains_its_own_parts(phase: str, moving: set[str]) -> None:
    method = TruForMethod({**TruForMethod.small, "phase": phase})
    network = method.network().train()
    before = {name: value.clone() for name, value in network.named_buffers()}
    loss, _ = method.loss(network, method.example())
    loss.backward()
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert reached == moving
    moved = {n.split(".")[0] for n, b in network.named_buffers() if not torch.equal(b, before[n])}
    assert moved <= moving


def test_a_pretrained_start_needs_the_fingerprint() -> None:
    with pytest.raises(ModelError, match="noiseprint"):
        TruForMethod({"phase": "localisation"}).network(pretrained=True)
    with pytest.raises(DataError, match="no checkpoint"):
        TruForMethod({"phase": "localisation", "noiseprint": "nowhere.th"}).network(pretrained=True)
    with pytest.raises(ModelError, match="init"):
        TruForMethod().network(pretrained=True)
    with pytest.raises(UnknownName):
        TruForMethod({"phase": "third"})
