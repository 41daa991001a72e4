"""Mixtures against scikit-learn's, and what adaptation promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from official import noise
from unmask.errors import DataError
from unmask.nn.mixture import Mixture


def frames() -> torch.Tensor:
    """Three clouds in three dimensions, 600 frames."""
    middle = torch.tensor([[0.0, 0, 0], [4, 0, 1], [0, 5, -2]]).repeat(200, 1)
    return middle + noise((600, 3), 3)


def their(mixture: Mixture) -> GaussianMixture:
    """scikit-learn's, with the same parameters."""
    made = GaussianMixture(len(mixture.means), covariance_type="diag")
    made.weights_ = mixture.shares.detach().double().softmax(0).numpy()
    made.means_ = mixture.means.detach().double().numpy()
    made.covariances_ = (2 * mixture.scales.detach().double()).exp().numpy()
    made.precisions_cholesky_ = made.covariances_**-0.5
    return made


def mixture(seed: int = 1) -> Mixture:
    torch.manual_seed(seed)
    made = Mixture(3, 3)
    with torch.no_grad():
        made.shares.copy_(torch.tensor([0.3, -0.2, 0.9]))
        made.scales.normal_(0, 0.3)
    return made


def test_densities_are_scikit_learns() -> None:
    ours = mixture()
    wanted = their(ours).score_samples(frames().double().numpy())
    np.testing.assert_allclose(ours(frames()).detach(), wanted, rtol=1e-5, atol=1e-4)
    other = ours(frames(), ours.means + 1)
    assert not torch.allclose(other, ours(frames()))


def test_an_iteration_is_scikit_learns() -> None:
    ours = mixture()
    start = their(ours)
    again = GaussianMixture(
        3, covariance_type="diag", max_iter=1, weights_init=start.weights_,
        means_init=start.means_, precisions_init=1 / start.covariances_, reg_covar=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        again.fit(frames().double().numpy())
    with torch.no_grad():
        ours._improve(frames())
    np.testing.assert_allclose(ours.means.detach(), again.means_, atol=1e-5)
    np.testing.assert_allclose((2 * ours.scales).exp().detach(), again.covariances_, atol=1e-5)
    np.testing.assert_allclose(ours.shares.softmax(0).detach(), again.weights_, atol=1e-6)


def test_the_likelihood_never_falls_and_the_clouds_are_found() -> None:
    torch.manual_seed(0)
    ours = Mixture(3, 3)
    course = ours.maximise(frames(), iterations=30, tolerance=0.0, restarts=4)
    assert (np.diff(course) > -1e-6).all()
    found = {tuple(round(float(x)) for x in mean) for mean in ours.means.detach()}
    assert found == {(0, 0, 0), (4, 0, 1), (0, 5, -2)}


def test_a_copied_frame_does_not_end_in_nothing() -> None:
    torch.manual_seed(0)
    ours = Mixture(2, 3)
    ours.maximise(torch.ones(10, 3), iterations=5)
    assert torch.isfinite(ours(torch.ones(1, 3))).all()
    with pytest.raises(DataError, match="1 frames of sound are too few for 2"):
        ours.place(torch.ones(1, 3))


def test_adaptation_moves_what_is_heard_often() -> None:
    """Frames near one component alone: it goes there, the others stay; infinite relevance moves
    nothing, none at all gives the frames' own mean."""
    torch.manual_seed(0)
    ours = Mixture(3, 3)
    ours.maximise(frames(), iterations=30, restarts=4)
    near = int(ours.means[:, 1].argmax())
    heard = torch.tensor([0.5, 5.5, -2]) + 0.1 * noise((200, 3), 9)
    moved = ours.adapted(heard, relevance=16)
    apart = (moved - ours.means).norm(dim=1)
    assert apart[near] > 0.4
    assert apart.sum() - apart[near] < 1e-3
    torch.testing.assert_close(ours.adapted(heard, float("inf")), ours.means.detach())
    torch.testing.assert_close(ours.adapted(heard, 0)[near], heard.mean(0), rtol=1e-3, atol=1e-3)
