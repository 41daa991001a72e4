"""Directions and lengths, the margin of the first step against the authors' numbers (GeWu-Lab,
Certifiable-Robust-Multi-modal-Training 5c17d92), and a radius that no attack undercuts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from stand import begun
from torch import nn

from official import noise
from unmask.errors import ModelError
from unmask.strategies.crmt import CertifiedSenses, directions, margin, radius

GOLDEN = np.load(Path(__file__).parent / "crmt.npz")


class Senses(nn.Module):
    """Two senses of three values, each through a layer of its own, and one score."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 4), nn.Linear(3, 4)
        self.last = nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(len(x), -1)
        score: torch.Tensor = self.last(torch.cat([self.one(x[:, :3]), self.two(x[:, 3:])], dim=1))
        return score


def test_the_authors_fusion_and_margin() -> None:
    """Their layer of two classes over 5 and 5 values: scores of each sense, of both, the loss."""
    weight, bias = noise((2, 10), 1), noise((2,), 2)
    features, label = noise((6, 10), 3, -2, 2), torch.tensor([0, 1, 1, 0, 1, 0])
    found, _ = directions(weight, 2)
    own = features.reshape(6, 2, 5).transpose(0, 1) @ found.transpose(1, 2)
    np.testing.assert_allclose(own, GOLDEN["own"], atol=1e-5)
    lengths = torch.from_numpy(GOLDEN["lengths"])
    both = (own * lengths[:, None]).sum(0) + bias
    np.testing.assert_allclose(both, GOLDEN["both"], atol=1e-5)
    np.testing.assert_allclose(margin(own, label).mean(), GOLDEN["margin"], atol=1e-5)


def test_slices_have_a_direction_of_length_1_and_mean_0() -> None:
    found, lengths = directions(noise((2, 12), 4), 3)
    assert found.shape == (3, 2, 4)
    torch.testing.assert_close((found @ found.transpose(1, 2)).diagonal(0, 1, 2), torch.ones(3, 2))
    assert found.mean(-1).abs().max() < 1e-6
    assert (lengths > 0).all()


def test_no_attack_is_nearer_than_the_radius() -> None:
    """Two linear senses, whose slopes are known: the nearest change of the answer, found by going
    straight downhill, is never nearer than the bound, and with one sense it is just there."""
    torch.manual_seed(0)
    x, rows = torch.randn(50, 6), torch.randn(2, 3)
    for lengths in (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])):
        weight = (rows * lengths[:, None]).flatten()
        lead = x @ weight
        slopes = (rows.norm(dim=1) * lengths)[:, None].expand(-1, 50)
        nearest = lead.abs() / weight.norm()
        bound = radius(lead.abs(), slopes)
        assert (bound <= nearest + 1e-5).all()
        torch.testing.assert_close(bound, nearest)


def test_the_steps_of_a_run(tmp_path: Path) -> None:
    """First the margins join the loss; later only lengths of the last layer move, and the certified
    radius grows."""
    torch.manual_seed(0)
    network = Senses()
    one = begun(CertifiedSenses, network, tmp_path, second=0.5)
    # The scores of the stand are a sum over what the network gives: here one.
    assert torch.allclose(directions(network.last.weight, 2)[1], torch.full((2, 1), 0.1), atol=1e-6)
    x = torch.randn(40, 1, 2, 3)
    batch = {"x": x, "label": (x[:, 0, 0, 0] > 0).float()}
    moving = torch.optim.SGD(network.parameters(), 0.05)
    seen = []
    for step in (*range(8), *range(60, 90)):
        one.before_step(step)
        before = [value.detach().clone() for value in network.parameters()]
        logit = network(x)[:, 0]
        plain = nn.functional.binary_cross_entropy_with_logits(logit, batch["label"])

        def compute(plain: torch.Tensor = plain) -> dict[str, float]:
            moving.zero_grad()
            loss, parts = one.loss(plain, batch)
            loss.backward()
            return parts

        said = one.gradients(compute)
        moving.step()
        one.after_step()
        after = list(network.parameters())
        moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        if step < 50:
            assert "margin" in said
            assert all(moved[:4])
        else:
            seen.append(said["radius"])
            assert all(value.grad is None for value in after), "the lengths move alone"
            assert moved == [False] * 4 + [True, False]
            same = nn.functional.cosine_similarity(
                *(directions(w, 2)[0] for w in (before[4], after[4])), dim=-1
            )
            torch.testing.assert_close(same, torch.ones_like(same))
    assert seen[-1] > seen[0]
    (group,) = one._optimiser.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.03 * 0.05, 0.9, 0.01)


def test_a_layer_that_cannot_be_parted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="takes 7 and gives 1"):
        begun(CertifiedSenses, nn.Sequential(nn.Linear(7, 1)), tmp_path)
