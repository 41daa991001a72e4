"""RINE against the authors' network (mever-team/rine 9b7fd58)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.rine.method import RineMethod
from unmask.errors import ModelError
from unmask.nn import towers
from unmask.nn.contrast import supervised_contrast
from unmask.train.method import read_checkpoint

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


def off(ours: torch.Tensor, theirs: Any) -> float:
    return float(np.abs(ours.detach().numpy() - theirs).max())


@pytest.mark.parametrize("variant", ["2-class", "4-class"])
@torch.no_grad()
def test_made_weights(variant: str) -> None:
    method = RineMethod({**RineMethod.small, "variant": variant})
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES[variant])))
    picture = noise((3, 3, 28, 28), seed=2, low=0, high=255)
    outputs = network(picture)
    assert off(network.tokens(picture), GOLDEN[f"{variant}.tokens"]) < 1e-4
    assert off(outputs["logit"], GOLDEN[f"{variant}.p"][:, 0]) < 1e-4
    assert off(outputs["features"][:, :128], GOLDEN[f"{variant}.z"]) < 1e-4


def test_published_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published part through ``convert``; CLIP itself stays without memory."""
    if not (folder := os.environ.get("UNMASK_WEIGHTS")):
        pytest.skip("UNMASK_WEIGHTS does not name a folder of published weights")
    from transformers import CLIPVisionModel

    monkeypatch.setattr(towers, "transformers_model", lambda _kind, _name, c: CLIPVisionModel(c))
    method = RineMethod({"variant": "2-class"})
    place = Path(folder) / "mever-team__rine"
    checkpoint = read_checkpoint(place / "model_2class_trainable.pth")
    with torch.device("meta"):
        network = method.network().eval()
        state = method.convert(checkpoint)
    network.load_state_dict(state, assign=True)
    golden = np.load(place / "golden_2class_head.npz")
    tokens = np.random.RandomState(0).standard_normal((2, 24, 1024)).astype(np.float32)
    with torch.no_grad():
        outputs = network.head(torch.from_numpy(tokens))
    assert off(outputs["logit"], golden["out_p"][:, 0]) < 1e-4
    assert off(outputs["features"], golden["out_z"]) < 1e-4


def test_the_trainable_part_alone_needs_clip_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    head = {k: v for k, v in filled(NAMES["2-class"]).items() if not k.startswith("clip.")}
    with pytest.raises(ModelError, match="backbone_config"):
        RineMethod(RineMethod.small).convert(head)


@pytest.mark.parametrize(
    ("label", "name"), [([0, 1, 1, 0, 1, 0], "supcon"), ([0, 1, 1, 1, 1, 1], "supcon_alone")]
)
def test_contrast(label: list[int], name: str) -> None:
    embedding = noise((6, 8), seed=3).requires_grad_()
    loss = supervised_contrast(embedding, torch.tensor(label))
    assert off(loss, GOLDEN[name]) < 1e-5
    loss.backward()
    assert embedding.grad is not None
    assert torch.isfinite(embedding.grad).all()


def test_contrast_of_one_item_is_nothing() -> None:
    embedding = torch.ones(1, 4, requires_grad=True)
    loss = supervised_contrast(embedding, torch.zeros(1))
    loss.backward()
    assert loss == 0
    assert embedding.grad is not None
    assert not embedding.grad.any()
