"""Losses that methods share, each against a second way of computing it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.distance import cdist

from official import noise
from unmask.nn.contrast import supervised_contrast
from unmask.nn.cvar import worst_share
from unmask.nn.gradient_reversal import GradientReversal, growing_strength, reversed_gradient
from unmask.nn.hsic import gaussian, hsic
from unmask.nn.margins import Cosines, additive_margin, arc_margin


def test_the_gradient_comes_back_turned() -> None:
    x = noise((4, 3), 1).requires_grad_()
    weights = noise((4, 3), 2)
    (reversed_gradient(x, 0.3) * weights).sum().backward()
    assert x.grad is not None
    # The same by a detour: the value of x, the slope of -0.3 x.
    y = x.detach().clone().requires_grad_()
    ((1.3 * y.detach() - 0.3 * y) * weights).sum().backward()
    assert y.grad is not None
    torch.testing.assert_close(x.grad, y.grad, atol=1e-5, rtol=0)
    assert GradientReversal()(x).equal(x)
    assert growing_strength(0) == 0
    assert growing_strength(0.5) == pytest.approx(math.tanh(2.5), abs=1e-5)


def test_an_adversary_takes_away_what_it_can_tell() -> None:
    """A feature learns to hide the domain when the domain's reader sits behind a reversal."""
    torch.manual_seed(0)
    data = torch.randn(256, 2)
    domain = (data[:, 1] > 0).float()
    features, reader = torch.nn.Linear(2, 1), torch.nn.Linear(1, 1)
    task = torch.optim.SGD([*features.parameters(), *reader.parameters()], lr=0.2)
    with torch.no_grad():
        features.weight.copy_(torch.tensor([[1.0, 1.0]]))
    for _ in range(300):
        seen = features(data)
        hidden = reader(reversed_gradient(seen, 2.0))[:, 0]
        loss = F.mse_loss(seen[:, 0], data[:, 0])
        loss = loss + F.binary_cross_entropy_with_logits(hidden, domain)
        task.zero_grad()
        loss.backward()
        task.step()
    useful, leaking = features.weight.detach()[0].abs().tolist()
    assert leaking < 0.15
    assert useful > 0.7


def test_supervised_contrast_is_the_sum_of_the_paper() -> None:
    embedding, label = noise((7, 5), 3).double(), torch.tensor([0, 1, 1, 2, 0, 1, 3])
    unit = embedding.numpy() / np.linalg.norm(embedding.numpy(), axis=1, keepdims=True)
    total = 0.0
    for i in range(7):
        others = [a for a in range(7) if a != i]
        mates = [p for p in others if label[p] == label[i]]
        below = sum(math.exp(float(unit[i] @ unit[a]) / 0.07) for a in others)
        for p in mates:
            total -= math.log(math.exp(float(unit[i] @ unit[p]) / 0.07) / below) / len(mates)
    assert float(supervised_contrast(embedding, label)) == pytest.approx(total / 7, abs=1e-5)


def test_margins_are_the_angles_of_the_papers() -> None:
    layer = Cosines(6, 4).double()
    features, label = noise((5, 6), 4).double(), torch.tensor([0, 3, 1, 2, 2])
    with torch.no_grad():
        cosine = layer(features)
        weight = layer.weight.numpy()
        theirs = 1 - cdist(features.numpy(), weight, "cosine")
        np.testing.assert_allclose(cosine.numpy(), theirs, atol=1e-5)
        added = theirs - 0.35 * np.eye(4)[label.numpy()]
        np.testing.assert_allclose(additive_margin(cosine, label).numpy(), 30 * added, atol=1e-5)
        angle = np.arccos(theirs) + 0.5 * np.eye(4)[label.numpy()]
        assert (angle < math.pi).all()
        arc = arc_margin(cosine, label)
        np.testing.assert_allclose(arc.numpy(), 64 * np.cos(angle), atol=1e-5)


def test_the_margin_never_helps_the_right_class() -> None:
    cosine = torch.linspace(-1, 1, 201)[:, None].repeat(1, 2).requires_grad_()
    label = torch.zeros(201)
    logits = arc_margin(cosine, label, margin=0.5, scale=1.0)
    assert (logits[:, 0] <= cosine[:, 0] + 1e-6).all()
    steps = logits[:, 0].detach().diff()
    # A small step where the angle passes π - margin is the authors' too.
    assert (steps > -0.01).all()
    logits[:, 0].sum().backward()
    assert cosine.grad is not None
    assert torch.isfinite(cosine.grad).all()


def test_hsic_is_the_estimate_over_pairs_triples_and_quadruples() -> None:
    one, two = noise((9, 3), 5).double(), noise((9, 2), 6).double()
    k = np.exp(-(cdist(one.numpy(), one.numpy()) ** 2) / (2 * 0.7**2))
    el = np.exp(-(cdist(two.numpy(), two.numpy()) ** 2) / (2 * 1.1**2))
    n = 9
    wanted = (k * el).sum() / n**2 + k.sum() * el.sum() / n**4
    wanted -= 2 * (k.sum(1) * el.sum(1)).sum() / n**3
    ours = hsic(gaussian(one, 0.7), gaussian(two, 1.1))
    assert float(ours) == pytest.approx(wanted * n**2 / (n - 1) ** 2, abs=1e-5)


def test_hsic_sees_dependence_that_correlation_does_not() -> None:
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(200, 1, generator=rng, dtype=torch.float64)
    apart = torch.randn(200, 1, generator=rng, dtype=torch.float64)
    assert abs(float(torch.corrcoef(torch.cat([x, x.square()], 1).T)[0, 1])) < 0.2
    dependent = hsic(gaussian(x), gaussian(x.square()))
    assert dependent > 5 * hsic(gaussian(x), gaussian(apart))


def test_the_worst_share_by_hand() -> None:
    values = torch.tensor([4.0, 1.0, 3.0, 2.0], requires_grad=True)
    assert float(worst_share(values.detach(), 0.5)) == 3.5
    worst = worst_share(values, 0.375)  # one and a half of four
    assert float(worst.detach()) == pytest.approx((4 + 0.5 * 3) / 1.5)
    worst.backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, torch.tensor([2 / 3, 0, 1 / 3, 0]))
