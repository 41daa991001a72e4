"""The ensemble: its loss by the formula, and that it is the mean of two."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from official import noise
from unmask.detectors.image.blazeface_ensemble.loss import focal
from unmask.detectors.image.blazeface_ensemble.method import BlazefaceEnsembleMethod
from unmask.errors import ModelError


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_the_loss_is_its_formula(gamma: float) -> None:
    logit = noise((9,), 1, -4, 4)
    label = (torch.arange(9) % 2).float()
    forged = 1 / (1 + np.exp(-logit.double().numpy()))
    right = np.where(label.numpy() == 1, forged, 1 - forged)
    expected = np.mean(-((1 - right) ** gamma) * np.log(right))
    assert float(focal(logit, label, gamma)) == pytest.approx(expected, rel=1e-5)


def test_without_an_exponent_it_is_cross_entropy() -> None:
    logit, label = noise((5,), 2, -3, 3), torch.tensor([0.0, 1, 0, 1, 1])
    plain = nn.functional.binary_cross_entropy_with_logits(logit, label)
    torch.testing.assert_close(focal(logit, label, 0.0), plain)


def test_what_is_judged_right_counts_less_the_higher_the_exponent() -> None:
    """Shares of an easy face in the gradient."""

    def share(gamma: float) -> float:
        logit = torch.tensor([3.0, -1.0], requires_grad=True)
        focal(logit, torch.ones(2), gamma).backward()
        assert logit.grad is not None
        easy, hard = logit.grad.abs().tolist()
        return float(easy / (easy + hard))

    shares = [share(gamma) for gamma in (0.0, 1.0, 2.0, 4.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.05 > 0.001 > shares[-1]


def test_a_face_that_is_certain_has_a_finite_gradient() -> None:
    logit = torch.tensor([200.0], requires_grad=True)
    focal(logit, torch.ones(1), 0.5).backward()
    assert logit.grad is not None
    assert torch.isfinite(logit.grad).all()


@torch.no_grad()
def test_it_is_the_mean_of_two_networks() -> None:
    torch.manual_seed(0)
    method = BlazefaceEnsembleMethod(BlazefaceEnsembleMethod.small)
    network = method.network().eval()
    batch = method.example()
    given = method.run(network, batch)
    seen = network.pixels(batch["face"])
    torch.testing.assert_close(given["each"][:, :1], network.resnet(seen))
    torch.testing.assert_close(given["each"][:, 1:], network.xception(seen))
    torch.testing.assert_close(given["logit"], given["each"].mean(1))


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit the ensemble"):
        BlazefaceEnsembleMethod().convert(nn.Linear(2, 2).state_dict())
