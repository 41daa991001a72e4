"""The ensemble's regressions against scikit-learn's, which the authors use."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from official import noise
from unmask.detectors.audio.wavlm_ensemble.convert import renamed
from unmask.detectors.audio.wavlm_ensemble.loss import regressions
from unmask.detectors.audio.wavlm_ensemble.method import WavLmEnsembleMethod
from unmask.detectors.audio.wavlm_ensemble.model import WavLmEnsemble
from unmask.errors import ModelError

COUNT, WIDTH, C = 200, 3, 2.0


class Kept(nn.Module):
    """An "encoder" whose last layer is what goes in: one frame of stored means."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def forward(self, sound: torch.Tensor) -> Kept:
        start = self.place * WIDTH
        self.last_hidden_state = sound[:, None, start : start + WIDTH]
        return self


MEANS = noise((COUNT, 2 * WIDTH), 1)
FORGED = (MEANS[:, 0] + 0.7 * MEANS[:, 4] + 0.6 * noise((COUNT,), 2) > 0).float()


def theirs(label: np.ndarray) -> tuple[list[LogisticRegression], LogisticRegression, np.ndarray]:
    """Their chain: a regression a member, and one on the probabilities of label 1."""
    single = [
        LogisticRegression(C=C, max_iter=10000, tol=1e-9).fit(part, label)
        for part in np.split(MEANS.double().numpy(), 2, axis=1)
    ]
    chances = np.stack(
        [
            one.predict_proba(part)[:, 1]
            for one, part in zip(single, np.split(MEANS.double().numpy(), 2, axis=1), strict=True)
        ],
        axis=1,
    )
    last = LogisticRegression(C=C, max_iter=10000, tol=1e-9).fit(chances, label)
    return single, last, last.predict_proba(chances)[:, 1]


def test_the_loss_is_least_where_scikit_learn_ends() -> None:
    torch.manual_seed(0)
    network = WavLmEnsemble([Kept(0), Kept(1)], WIDTH).double()
    label, means = FORGED.double(), MEANS.double()

    def descend(part: int, values: list[nn.Parameter]) -> None:
        moving = torch.optim.LBFGS(
            values, max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
        )

        def closure() -> torch.Tensor:
            network.zero_grad()
            loss = regressions(network, network(means)["members"], label, C, COUNT)[part]
            loss.backward()
            return loss

        moving.step(closure)

    descend(0, list(network.members.parameters()))
    descend(1, list(network.fuse.parameters()))
    single, last, chances = theirs(FORGED.numpy())
    for ours, one in zip(network.members, single, strict=True):
        np.testing.assert_allclose(ours.classify.weight.detach(), one.coef_, atol=1e-3)
    np.testing.assert_allclose(network.fuse.weight.detach(), last.coef_, atol=1e-3)
    with torch.no_grad():
        np.testing.assert_allclose(network(means)["logit"].sigmoid(), chances, atol=1e-4)


@torch.no_grad()
def test_their_classifiers_are_taken_over_with_label_1_bona_fide() -> None:
    single, last, bona_fide = theirs(1 - FORGED.numpy())
    file = {
        f"{number}.{name}": torch.from_numpy(value)
        for number, one in enumerate(single)
        for name, value in (("coef", one.coef_), ("intercept", one.intercept_))
    }
    file |= {"coef": torch.from_numpy(last.coef_), "intercept": torch.from_numpy(last.intercept_)}
    network = WavLmEnsemble([Kept(0), Kept(1)], WIDTH).double()
    network.load_state_dict(renamed(file))
    np.testing.assert_allclose(network(MEANS.double())["logit"].sigmoid(), 1 - bona_fide, atol=1e-5)


def test_the_last_regression_moves_no_member_and_encoders_stand_still() -> None:
    method = WavLmEnsembleMethod(WavLmEnsembleMethod.small)
    network = method.network().train()
    assert not any(member.encoder.training for member in network.members)
    batch = method.example()
    members = network(batch["sound"])["members"]
    regressions(network, members, batch["label"], C, COUNT)[1].backward()
    assert network.fuse.weight.grad is not None
    assert all(member.classify.weight.grad is None for member in network.members)
    assert not any(value.requires_grad for value in network.members[0].encoder.parameters())


def test_refusals() -> None:
    method = WavLmEnsembleMethod(WavLmEnsembleMethod.small)
    with pytest.raises(ModelError, match="backbone_config"):
        method.network(pretrained=True)
    whole = {
        name.replace("members.", "", 1).replace("encoder.", "wavlm.", 1): value
        for name, value in method.network().state_dict().items()
        if ".encoder." in name
    }
    with pytest.raises(ModelError, match=r"lacks 'fuse\.bias'"):
        method.convert(whole)
