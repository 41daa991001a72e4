"""The authors' networks and ours give the same numbers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audio.aasist.method import AasistMethod
from unmask.errors import ModelError
from unmask.train.method import read_checkpoint

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads((HERE / "names.json").read_text())["shapes"]
GOLDEN = np.load(HERE / "golden.npz")


def loaded(variant: str, checkpoint: dict[str, torch.Tensor]) -> Any:
    method = AasistMethod({"variant": variant})
    network = method.network()
    network.load_state_dict(method.convert(checkpoint))
    return network.eval()


def off(ours: torch.Tensor, theirs: Any) -> float:
    return float(np.abs(ours.detach().numpy() - theirs).max())


@pytest.mark.parametrize("variant", ["aasist", "aasist-l"])
@torch.no_grad()
def test_made_weights(variant: str) -> None:
    network = loaded(variant, filled(NAMES[variant]))
    sound = noise((2, 16000), seed=1, low=-0.5, high=0.5)
    outputs = network(sound)
    bona_fide_second = GOLDEN[f"{variant}.classes"]
    assert off(outputs["classes"], bona_fide_second[:, ::-1]) < 1e-4
    assert off(outputs["logit"], bona_fide_second[:, 0] - bona_fide_second[:, 1]) < 1e-4
    assert off(outputs["features"], GOLDEN[f"{variant}.embedding"]) < 1e-4


@pytest.mark.parametrize(("variant", "name"), [("aasist", "AASIST"), ("aasist-l", "AASIST-L")])
@torch.no_grad()
def test_published_weights(variant: str, name: str) -> None:
    if not (folder := os.environ.get("UNMASK_WEIGHTS")):
        pytest.skip("UNMASK_WEIGHTS does not name a folder of published weights")
    place = Path(folder) / "clovaai__aasist"
    network = loaded(variant, read_checkpoint(place / f"{name}.pth"))
    golden = np.load(place / f"golden_{name}.npz")
    made = np.random.RandomState(0).standard_normal((2, 64600)) * 0.1
    outputs = network(torch.from_numpy(made.astype(np.float32)))
    assert off(outputs["features"], golden["out_last_hidden"]) < 1e-4
    assert off(outputs["classes"], golden["out_logits"][:, ::-1]) < 1e-4
    assert (AasistMethod().score(outputs).numpy() == -outputs["classes"][:, 0].numpy()).all()


@torch.no_grad()
def test_the_published_weights_of_asvspoof_5() -> None:
    """The organisers' best.pth in their own program (asvspoof-challenge/asvspoof5 fe23d30)."""
    if not (folder := os.environ.get("UNMASK_WEIGHTS")):
        pytest.skip("UNMASK_WEIGHTS does not name a folder of published weights")
    file = Path(folder) / "asvspoof5__aasist" / "best.pth"
    network = loaded("asvspoof5", read_checkpoint(file))
    golden = np.load(HERE / "asvspoof5.npz")
    made = np.random.RandomState(0).standard_normal((2, 64600)).astype(np.float32) * 0.1
    outputs = network(torch.from_numpy(made))
    assert off(outputs["features"], golden["features"]) < 1e-4
    assert off(outputs["classes"], golden["classes"][:, ::-1]) < 1e-4


def test_a_checkpoint_of_another_variant_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit aasist"):
        AasistMethod().convert(filled(NAMES["aasist-l"]))


def test_real_voices_weigh_more() -> None:
    """With equal scores everywhere the loss is ln 2; a right lean on reals lowers it most."""
    method = AasistMethod()
    label = torch.tensor([0.0, 1.0])

    def loss_of(lean: list[float]) -> float:
        fixed = torch.nn.Module()
        fixed.forward = lambda _: {  # type: ignore[method-assign]
            "classes": torch.stack([torch.zeros(2), torch.tensor(lean)], 1)
        }
        return method.loss(fixed, {"sound": torch.zeros(2, 8), "label": label})[1]["loss"]

    assert loss_of([0, 0]) == pytest.approx(np.log(2), abs=1e-6)
    assert loss_of([-3, 0]) < loss_of([0, 3]) < loss_of([0, 0]) < loss_of([3, 0])
