"""What the fusions promise: the second view is used where it tells something, else left."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from official import noise
from unmask.detectors.audio.two_views.method import TwoViewsMethod
from unmask.detectors.audio.two_views.model import WIDTH, Fusion, TwoViews
from unmask.errors import ModelError, UnknownName


def told(fusion: Fusion, learnt: torch.Tensor, spectral: torch.Tensor) -> float:
    """The share of the second half, of labels in turn, that is right after a short training of the
    fusion and a linear reader on the first."""
    label = (torch.arange(len(learnt) // 2) % 2).float()
    (seen, unseen), (shown, unshown) = learnt.chunk(2), spectral.chunk(2)
    reader = nn.Linear(WIDTH, 1)
    moving = torch.optim.Adam([*fusion.parameters(), *reader.parameters()], 5e-3)
    for _ in range(30):
        logit = reader(fusion(seen, shown).mean(1))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
        moving.zero_grad()
        loss.backward()
        moving.step()
    with torch.no_grad():
        logit = reader(fusion(unseen, unshown).mean(1))[:, 0]
    return float(((logit > 0) == (label > 0.5)).float().mean())


@pytest.mark.parametrize("how", TwoViewsMethod.variants)
def test_what_only_the_cepstra_show_is_learnt(how: str) -> None:
    torch.manual_seed(0)
    learnt, spectral = noise((64, 3, WIDTH), 1), noise((64, 3, WIDTH), 2)
    spectral[..., :32] += 2 * (torch.arange(64) % 2)[:, None, None] - 1
    assert told(Fusion(how), learnt, spectral) > 0.9


def let_in(told_by_cepstra: bool) -> float:
    """How far a gate stands open after a training in which one view alone tells the class."""
    torch.manual_seed(0)
    fusion, reader = Fusion("gate"), nn.Linear(WIDTH, 1)
    moving = torch.optim.Adam([*fusion.parameters(), *reader.parameters()], 0.03)
    label = (torch.arange(32) % 2).float()
    sign = 0.05 * (2 * label - 1)[:, None, None]
    for _ in range(100):
        learnt, spectral = torch.randn(2, 32, 4, WIDTH)
        if told_by_cepstra:
            spectral = spectral + sign
        else:
            learnt = learnt + sign
        logit = reader(fusion(learnt, spectral).mean(1))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
        moving.zero_grad()
        loss.backward()
        moving.step()
    with torch.no_grad():
        return float(fusion.gate(learnt, spectral).mean())


def test_the_gate_closes_on_noise_and_opens_to_what_tells() -> None:
    noisy, telling = let_in(told_by_cepstra=False), let_in(told_by_cepstra=True)
    assert noisy < 0.49 < telling


@torch.no_grad()
def test_a_closed_gate_lets_nothing_in() -> None:
    fusion = Fusion("gate")
    learnt, spectral = noise((2, 4, WIDTH), 1), noise((2, 4, WIDTH), 2)
    for bias, share in ((-60.0, 0.0), (60.0, 1.0)):
        fusion.join.bias.fill_(bias)
        torch.testing.assert_close(fusion(learnt, spectral), learnt + share * spectral)


def test_the_views_are_of_the_same_moments() -> None:
    """A click in the sound is where it is in both views, within two frames."""
    torch.manual_seed(0)
    network = TwoViewsMethod(TwoViewsMethod.small).network().eval()
    assert isinstance(network, TwoViews)
    seen: list[torch.Tensor] = []
    network.fusion.register_forward_pre_hook(lambda _, given: seen.extend(given))
    sound = 0.001 * noise((1, 8000), 3)
    sound[0, 6000] = 1
    with torch.no_grad():
        network(sound)
    learnt, spectral = seen
    assert learnt.shape == spectral.shape
    place = (spectral - spectral.median(1, keepdim=True).values).norm(dim=-1).argmax()
    assert int(place) == pytest.approx(6000 / 8000 * learnt.shape[1], abs=3)


def test_refusals() -> None:
    small = TwoViewsMethod.small
    with pytest.raises(UnknownName, match="imfcc, lfcc, mfcc"):
        TwoViewsMethod({**small, "spectral": "cqcc"}).network()
    with pytest.raises(ModelError, match="backbone_config"):
        TwoViewsMethod(small).network(pretrained=True)
