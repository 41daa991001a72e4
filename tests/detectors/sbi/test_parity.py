"""SBI against the authors' network (mapooon/SelfBlendedImages 9fe4efe)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from official import filled, noise
from unmask.errors import ModelError
from unmask.train.method import method_named

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Tensor]:
    return filled(json.loads((HERE / "names.json").read_text()), gain=1.35)


@pytest.fixture(scope="module")
def network(checkpoint: dict[str, Tensor]) -> nn.Module:
    method = method_named("sbi")()
    made = method.network().eval()
    made.load_state_dict(method.convert(checkpoint))
    return made


@pytest.mark.parametrize(
    ("name", "shape"), [("face", (1, 3, 380, 380)), ("small", (2, 3, 100, 132))]
)
def test_the_network_is_the_authors(
    name: str, shape: tuple[int, ...], network: nn.Module
) -> None:  # fmt: skip
    with torch.no_grad():
        ours = network(noise(shape, 5, 0, 1) * 255)["logit"]
    np.testing.assert_allclose(ours, np.load(HERE / "golden.npz")[name], rtol=1e-4, atol=1e-4)


def test_a_checkpoint_with_a_strange_block_is_refused(checkpoint: dict[str, Tensor]) -> None:
    strange = checkpoint | {"net._blocks.32._bn1.weight": torch.zeros(1)}
    with pytest.raises(ModelError, match="does not fit SBI"):
        method_named("sbi")().convert(strange)
