"""Sharpness-aware steps: by hand, over any optimiser, and what stands still meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from toy import Toy, recipe

from unmask.strategies.sam import uphill
from unmask.train.loop import fit
from unmask.train.recipe import Optimiser
from unmask.train.task import Batch


def test_sharpness_aware_steps_take_the_loss_twice(tmp_path: Path) -> None:
    taken: list[int] = []

    class Counted(Toy):
        def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
            taken.append(len(batch["y"]))
            return super().loss(network, batch)

    steep = Optimiser(name="sgd", rate=0.5, ema=0.9).model_dump()
    result = fit(Counted(recipe(optimiser=steep, strategies=["sam"]), tmp_path), tmp_path)
    assert result
    assert len(taken) == 200
    assert result.best["select"] > 0.9


def test_uphill_is_one_radius_along_the_gradient() -> None:
    network = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, 2.0]]))
    network.weight.grad = torch.tensor([[3.0, 4.0]])
    with uphill(network, 0.05):
        torch.testing.assert_close(network.weight.detach(), torch.tensor([[1.03, 2.04]]))
        assert network.weight.grad is None
        network.weight.grad = torch.tensor([[7.0, 7.0]])
    assert torch.equal(network.weight.detach(), torch.tensor([[1.0, 2.0]]))
    assert torch.equal(network.weight.grad, torch.tensor([[7.0, 7.0]]))


def test_running_statistics_stand_still_uphill() -> None:
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    x = torch.randn(8, 2)
    network(x).mean().backward()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with uphill(network, 0.1):
        network(x + 5).mean().backward()
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_sharpness_aware_step_by_hand() -> None:
    """Loss 2x² at x = 1: the gradient 0.1 uphill is 4.4, so a step of 0.5 ends at -1.2."""
    x = nn.Module()
    x.at = nn.Parameter(torch.tensor([1.0]))
    (2 * x.at**2).sum().backward()
    with uphill(x, 0.1):
        (2 * x.at**2).sum().backward()
    torch.optim.SGD(x.parameters(), lr=0.5).step()
    assert x.at.item() == pytest.approx(1 - 0.5 * 4.4)
