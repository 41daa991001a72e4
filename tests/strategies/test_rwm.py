"""A projector that leaves alone what was learnt, and the angle by which a batch may go along it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from stand import begun
from torch import nn

from unmask.errors import DataError
from unmask.strategies.rwm import Projector, RadianModification, angle


def used(width: int = 12, kept: int = 4) -> tuple[Projector, torch.Tensor]:
    """A projector after batches of a task whose features lie in a plane of few directions."""
    torch.manual_seed(0)
    plane = torch.linalg.qr(torch.randn(width, kept))[0].T
    projector = Projector(width, torch.device("cpu"))
    for _ in range(400):
        projector.take_out(3 * torch.randn(kept) @ plane, alpha=1.0)
    return projector, plane


def test_what_lies_across_moves_no_old_output() -> None:
    projector, plane = used()
    old = torch.randn(20, 4) @ plane
    step = projector.turned(torch.randn(1, 12), beta=0.0)
    plain = torch.randn(1, 12)
    assert (old @ step.T).abs().max() < 0.01
    assert (old @ plain.T).abs().max() > 0.5
    torch.testing.assert_close(projector.across, projector.across.T, atol=1e-5, rtol=0)


def test_along_is_the_rest() -> None:
    """With a share of 1 the gradient is whole, with 3 its old part is threefold."""
    projector, plane = used()
    gradient = torch.randn(1, 12)
    torch.testing.assert_close(projector.turned(gradient, 1.0), gradient)
    along = gradient @ plane.T @ plane
    torch.testing.assert_close(
        projector.turned(gradient, 3.0), gradient + 2 * along, atol=0.02, rtol=0.02
    )


def test_real_voices_turn_a_batch_along_and_forged_ones_across() -> None:
    own = torch.zeros(4)
    every = torch.tensor([True, False, True, False])
    assert float(angle(own, every)) == pytest.approx(math.pi / 4)
    share = 4 * math.asin(0.25) / 2
    assert float(angle(own, torch.ones(4, dtype=torch.bool))) == pytest.approx(math.pi / 4 + share)
    assert float(angle(own, torch.zeros(4, dtype=torch.bool))) == pytest.approx(math.pi / 4 - share)
    sure = torch.tensor([9.0, 0, 0, 0])
    assert float(angle(sure, every)) > float(angle(own, every))
    assert 0 <= float(angle(-sure, ~every)) <= math.pi / 2


def test_memories_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1))
    with pytest.raises(DataError, match="no memory at"):
        begun(RadianModification, network, tmp_path, memory="none.pt")
    torch.save({"across": torch.eye(5)}, tmp_path / "five.pt")
    with pytest.raises(DataError, match="5 features; this network's last linear layer takes 3"):
        begun(RadianModification, network, tmp_path, memory=str(tmp_path / "five.pt"))
    torch.save({"kept": {}}, tmp_path / "other.pt")
    with pytest.raises(DataError, match="no memory of an earlier run"):
        begun(RadianModification, network, tmp_path, memory=str(tmp_path / "other.pt"))


def forgotten(memory: bool) -> float:
    """How far a linear reader's answers to the first task move while it learns the second."""
    projector, plane = used()
    old = torch.randn(50, 4, generator=torch.Generator().manual_seed(1)) @ plane
    new = torch.randn(200, 12, generator=torch.Generator().manual_seed(2))
    wanted = (new[:, 7] > 0).float()
    reader = nn.Linear(12, 1, bias=False)
    with torch.no_grad():
        reader.weight.copy_(plane[0])
        before = reader(old)
    for _ in range(60):
        reader.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(reader(new)[:, 0], wanted).backward()
        gradient = reader.weight.grad
        assert gradient is not None
        with torch.no_grad():
            reader.weight -= 0.5 * (projector.turned(gradient, 0.2) if memory else gradient)
    with torch.no_grad():
        return float((reader(old) - before).abs().mean())


def test_less_is_forgotten() -> None:
    assert forgotten(memory=True) < 0.5 * forgotten(memory=False)
