"""Forgeries out of faces of nobody: what is blended, and what a network learns from it alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from stand import Looking
from torch import Tensor, nn
from torch.nn import functional as F
from toy import recipe

from unmask.errors import DataError
from unmask.metrics import auc
from unmask.strategies.base import Training
from unmask.strategies.dataless import Blending, Dataless, middles


class Seeing(Looking):
    inputs = ("x",)  # type: ignore[assignment]


def strategy(tmp_path: Path, **settings: float) -> Dataless:
    one = Dataless(Blending(**settings))
    one.begin(
        Training(Seeing(recipe(), tmp_path), nn.Identity(), tmp_path, torch.device("cpu"), 9, 1)
    )
    return one


def test_unforged_ones_become_forged_and_forged_ones_stay(tmp_path: Path) -> None:
    torch.manual_seed(0)
    labels = torch.tensor([0.0, 0, 0, 1])
    pictures = torch.stack([torch.full((3, 20, 20), v) for v in (10, 100, 200, 77)]).byte()
    batch = {"x": pictures, "label": labels, "mask": torch.zeros(4, 20, 20)}
    made = strategy(tmp_path, share=1.0, near=0.0).batch(batch)
    assert made["label"].tolist() == [1, 1, 1, 1]
    assert torch.equal(made["x"][3], pictures[3])
    assert made["x"].dtype == torch.uint8
    for n in range(3):
        assert torch.equal(made["x"][n, :, 0, 0], pictures[n, :, 0, 0])  # the rim is its own
        middle = int(made["x"][n, 0, 10, 10])
        assert middle in {10, 100, 200} - {int(pictures[n, 0, 0, 0])}  # the middle another's
        assert made["mask"][n, 10, 10] == 1
    same = strategy(tmp_path, share=1.0, near=1.0).batch(batch)
    assert (same["x"][0].float() - 10).abs().max() <= 1  # tones agree wholly
    assert torch.equal(strategy(tmp_path, share=0.0).batch(batch)["x"], pictures)
    with pytest.raises(DataError, match="takes none"):
        strategy(tmp_path).batch({"x": torch.zeros(2, 9), "label": torch.zeros(2)})


def test_the_middle_is_soft_and_inside() -> None:
    torch.manual_seed(1)
    soft = middles(30, 40, 40)
    assert float(soft.min()) == 0
    assert float(soft.max()) == 1
    assert float(soft[:, 0, 0].max()) == 0


def faces(count: int, seed: int) -> Tensor:
    """Made faces: each in a light of its own colour, the same all over, and noise."""
    rng = torch.Generator().manual_seed(seed)
    light = 50 * torch.randn((count, 3, 1, 1), generator=rng)
    return 128 + light + 15 * torch.randn((count, 3, 16, 16), generator=rng)


def test_blends_nobody_showed_it_are_told(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.AvgPool2d(4), nn.Flatten(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1)
    )  # fmt: skip
    one, optimiser = strategy(tmp_path, near=0.3), torch.optim.Adam(network.parameters(), 5e-3)
    shown = faces(400, 1)
    for _ in range(300):
        rows = torch.randint(len(shown), (48,))
        batch = one.batch({"x": shown[rows], "label": torch.zeros(48)})
        score = network(batch["x"] / 128 - 1)[:, 0]
        loss = F.binary_cross_entropy_with_logits(score, batch["label"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    new = faces(120, 2)
    test = strategy(tmp_path, near=0.3).batch({"x": new, "label": torch.zeros(120)})
    said = network(test["x"] / 128 - 1)[:, 0].detach().numpy().astype(float)
    found = auc(test["label"].numpy().astype(int), said)
    assert found > 0.95
