"""The risks of both fair losses: against a search, by hand, and against the authors' program
(Purdue-M2/AI-Face-FairnessBench 588f80c)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from stand import begun
from torch import nn
from torch.nn import functional as F

from official import noise
from unmask.errors import DataError
from unmask.nn.cvar import worst_share
from unmask.strategies.fair_dag import WithoutGroups, losses
from unmask.strategies.fair_daw import BetweenGroups

GOLDEN = np.load(Path(__file__).parent / "fairness.npz")


@given(
    st.lists(st.floats(0, 10, width=32), min_size=1, max_size=12),
    st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]),
)
def test_the_closed_form_is_the_least_over_lambda(values: list[float], alpha: float) -> None:
    losses = torch.tensor(values, dtype=torch.float64)

    def risk(level: float) -> float:
        return level + float((losses - level).clamp(min=0).mean()) / alpha

    # The risk is convex and bends only at the losses, so the least is found there as well.
    least = min(
        float(minimize_scalar(risk, bounds=(0, 10), method="bounded").fun), *map(risk, values)
    )
    assert float(worst_share(losses, alpha)) == pytest.approx(least, abs=1e-4)


def test_both_losses_are_the_authors(tmp_path: Path) -> None:
    """Five groups of 24 samples, the smallest of one; theirs searches λ, ours is in closed form.

    Slopes are compared where the share is of whole samples: a sample that counts in part counts
    wholly or not at all by their search, as it happens to end.
    """
    labels = (noise((24,), 2) > 0).float()
    groups = torch.tensor([0] * 10 + [1] * 7 + [3] * 4 + [5] * 2 + [7])
    scores = noise((24,), 1, -4, 4).requires_grad_()
    batch = {"x": scores, "label": labels}
    between = begun(BetweenGroups, nn.Identity(), tmp_path)
    found = float(between.risk(losses(scores, batch), groups).detach())
    np.testing.assert_allclose(found, GOLDEN["daw"], atol=1e-4)
    loss, _ = begun(WithoutGroups, nn.Identity(), tmp_path).loss(torch.tensor(99.0), batch)
    loss.backward()
    np.testing.assert_allclose(loss.item(), GOLDEN["dag"], atol=1e-4)
    assert scores.grad is not None
    np.testing.assert_allclose(scores.grad, GOLDEN["dag_slope"], atol=1e-4)


def test_without_groups_the_worst_half_is_learnt_from(tmp_path: Path) -> None:
    one = begun(WithoutGroups, nn.Identity(), tmp_path, alpha=0.5)
    scores = torch.tensor([3.0, -1.0, 0.5, -4.0], requires_grad=True)
    labels = torch.tensor([1.0, 1.0, 0.0, 0.0])
    loss, _ = one.loss(torch.tensor(99.0), {"x": scores, "label": labels})
    each = F.binary_cross_entropy_with_logits(scores, labels, reduction="none")
    assert torch.allclose(loss, each[[1, 2]].mean())
    loss.backward()
    assert scores.grad is not None
    assert (scores.grad != 0).tolist() == [False, True, True, False]


def test_between_groups_the_worst_group_counts(tmp_path: Path) -> None:
    one = begun(BetweenGroups, nn.Identity(), tmp_path, inner=0.5, outer=0.5)
    values = torch.tensor([1.0, 3.0, 10.0, 0.0, 2.0, 2.0])
    groups = torch.tensor([0, 0, 1, 1, 7, 7])
    # Within: 3, 10, 2. Over three groups the worst share of one and a half: 10 and half of 3.
    assert float(one.risk(values, groups)) == pytest.approx((10 + 0.5 * 3) / 1.5)


def test_groups_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    one = begun(BetweenGroups, nn.Identity(), tmp_path)
    batch = {"x": torch.zeros(2), "label": torch.zeros(2)}
    with pytest.raises(DataError, match="index"):
        one.loss(torch.tensor(0.0), batch)
    with pytest.raises(DataError, match="gender or ethnicity"):
        one.loss(torch.tensor(0.0), {**batch, "index": torch.tensor([0, 1])})
