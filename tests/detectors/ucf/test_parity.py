"""UCF against the authors' detector (SCLBD/DeepfakeBench 8a4a7bf)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.ucf.loss import WEIGHTS, ucf_loss
from unmask.detectors.image.ucf.model import UCF
from unmask.errors import DataError
from unmask.train.method import Batch, Method, Outputs, method_named
from unmask.train.recipe import Recipe

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")


@pytest.fixture(scope="module")
def method() -> Method:
    return method_named("ucf")()


@pytest.fixture(scope="module")
def network(method: Method) -> UCF:
    made = cast(UCF, method.network())
    checkpoint = filled(json.loads((HERE / "names.json").read_text()), gain=1.05)
    with torch.device("meta"):  # the names are compared with those of a second network
        state = method.convert(checkpoint)
    made.load_state_dict(state)
    made.eval()
    made.training = True  # itself alone: it gives all features, and its parts drop nothing
    return made


@pytest.fixture(scope="module")
def batch() -> Batch:
    return {
        "face": (noise((2, 3, 96, 96), 7) + 1) * 127.5,
        "label": torch.tensor([0.0, 1.0]),
        "method": torch.tensor([0, 3]),
    }


@pytest.fixture(scope="module")
def outputs(network: UCF, batch: Batch) -> Outputs:
    with torch.no_grad():
        return network(batch["face"])


@pytest.mark.parametrize("name", ["logit", "specific"])
def test_the_outputs_are_the_authors(name: str, outputs: Outputs) -> None:
    np.testing.assert_allclose(outputs[name], GOLDEN[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "style"),
    [
        ("real_by_real", 0, 0),
        ("real_by_fake", 0, 1),
        ("fake_by_real", 1, 0),
        ("fake_by_fake", 1, 1),
    ],
)
def test_the_drawn_faces_are_the_authors(
    name: str, content: int, style: int, network: UCF, outputs: Outputs
) -> None:
    with torch.no_grad():
        drawn = network.redrawn(
            outputs["content_features"][content : content + 1],
            outputs["specific_features"][style : style + 1],
            outputs["common_features"][style : style + 1],
        )
    np.testing.assert_allclose(drawn[0, :, ::16, ::16], GOLDEN[name], atol=1e-4)


def test_the_losses_are_the_authors(network: UCF, batch: Batch, outputs: Outputs) -> None:
    with torch.no_grad():
        total, parts = ucf_loss(network, batch, outputs)
    assert set(parts) == {*WEIGHTS, "common"}
    for name, value in parts.items():
        assert value == pytest.approx(float(GOLDEN[f"loss_{name}"]), rel=1e-4)
    assert float(total) == pytest.approx(float(GOLDEN["loss_overall"]), rel=1e-4)


def test_a_batch_of_one_kind_is_refused(method: Method, network: UCF, batch: Batch) -> None:
    alone = {name: value[:1] for name, value in batch.items()}
    with pytest.raises(DataError, match="side by side"):
        method.loss(network, alone)


def test_every_way_of_forging_must_be_known(method: Method, tmp_path: Path) -> None:
    items = (
        Item("a", "a", "a.png", "image", 0),
        Item("b", "b", "b.png", "image", 1, generator="Deepfakes"),
        Item("c", "c", "c.png", "image", 1, generator="Wav2Lip"),
    )
    recipe = Recipe(name="ucf", task="", samples=4, batch=2, validate_every=4)
    with pytest.raises(DataError, match="'Wav2Lip'"):
        method.samples(Manifest(tmp_path, items), "train", recipe)
    numbers = [int(method.targets(item, None)["method"]) for item in items[:2]]
    assert numbers == [0, 2]
