"""NPR against the authors' network (chuangchuangtan/NPR-DeepfakeDetection 73cde1c)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from official import filled, noise
from unmask.detectors.image.npr.method import Cropped
from unmask.errors import ModelError
from unmask.train.method import Batch, method_named

HERE = Path(__file__).parent
CHECKPOINT = filled(json.loads((HERE / "names.json").read_text()), gain=1.4)


def loaded(checkpoint: dict[str, Tensor]) -> nn.Module:
    method = method_named("npr")()
    network = method.network().eval()
    network.load_state_dict(method.convert(checkpoint))
    return network


@pytest.mark.parametrize(("name", "shape"), [("square", (2, 3, 64, 64)), ("wide", (1, 3, 48, 70))])
def test_the_network_is_the_authors(name: str, shape: tuple[int, ...]) -> None:
    with torch.no_grad():
        ours = loaded(CHECKPOINT)(noise(shape, 5, 0, 1) * 255)["logit"]
    np.testing.assert_allclose(ours, np.load(HERE / "golden.npz")[name], rtol=1e-4, atol=1e-4)


def test_a_checkpoint_of_several_gpus_is_the_same() -> None:
    method = method_named("npr")()
    several = method.convert({f"module.{name}": value for name, value in CHECKPOINT.items()})
    assert all(value.equal(several[name]) for name, value in method.convert(CHECKPOINT).items())


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit NPR"):
        loaded({"fc.weight": torch.zeros(1, 512)})


class Ramp(Dataset[Batch]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Batch:
        return {"picture": torch.arange(108.0).reshape(3, 6, 6), "label": torch.tensor(1.0)}


def test_training_crops_are_parts_and_the_same_again() -> None:
    crops = Cropped(Ramp(), 4, seed=3)
    assert len(crops) == 4
    for index in range(4):
        part = crops[index]["picture"]
        assert part.shape == (3, 4, 4)
        assert part.equal(crops[index]["picture"])
        assert (part[0, :, 1:] - part[0, :, :-1]).eq(1).all()
    assert len({float(crops[index]["picture"][0, 0, 0]) for index in range(4)}) > 1
