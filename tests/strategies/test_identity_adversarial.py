"""A turned gradient, and a shortcut over persons that it takes away."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from stand import Looking
from torch import Tensor, nn
from torch.nn import functional as F
from toy import recipe

from unmask.errors import DataError, ModelError
from unmask.strategies._features import Features, Reversed
from unmask.strategies.base import Training
from unmask.strategies.identity_adversarial import IdentityAdversarial, Reversal
from unmask.train.optimisers import make_optimiser, rate_share

PEOPLE = 12


def test_the_gradient_is_turned_and_multiplied() -> None:
    value = torch.ones(3, requires_grad=True)
    Reversed.apply(value, 2.5).sum().backward()
    assert value.grad is not None
    assert value.grad.tolist() == [-2.5] * 3


def test_features_are_those_before_the_last_linear_layer() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    seen = Features(network)
    x = torch.randn(5, 4)
    scores, features = seen.of(lambda batch: network(batch["x"])[:, 0], {"x": x})
    assert torch.equal(features, network[1](network[0](x)))
    assert scores.shape == (5,)
    with pytest.raises(ModelError, match="linear layer"):
        Features(nn.Conv2d(3, 1, 1))


class Seeing(Looking):
    def scores(self, network: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        given: Tensor = network(batch["x"])[:, 0]
        return given


def material(seed: int, own: bool) -> tuple[Tensor, Tensor, Tensor]:
    """What a person looks like, loudly, and a faint trace of forgery; persons are of one class."""
    rng = torch.Generator().manual_seed(seed)
    look = torch.randn((PEOPLE, 6), generator=torch.Generator().manual_seed(1 if own else seed))
    who = torch.randint(PEOPLE, (600,), generator=rng)
    labels = (who % 2).float() if own else torch.randint(2, (600,), generator=rng).float()
    trace = (labels - 0.5)[:, None] * 1.6 + torch.randn((600, 1), generator=rng)
    return torch.cat([2 * look[who], trace], 1), labels, who


def accuracy_on_new_people(strength: float, tmp_path: Path) -> float:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, labels, who = material(2, own=True)
    network = nn.Sequential(nn.Linear(7, 24), nn.ReLU(), nn.Linear(24, 1))
    one = IdentityAdversarial(Reversal(strength=strength, rate=0.02))
    one.training = Training(
        Seeing(recipe(), tmp_path), network, tmp_path, torch.device("cpu"), 100, 1
    )
    one._people, one._features = who, Features(network)
    one.head = nn.Linear(24, PEOPLE)
    one._optimiser = torch.optim.Adam(one.head.parameters(), 0.02)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(300):
        rows = torch.randint(len(x), (64,))
        batch = {"x": x[rows], "label": labels[rows], "index": rows}
        loss = F.binary_cross_entropy_with_logits(network(batch["x"])[:, 0], batch["label"])
        total, _ = one.loss(loss, batch)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        one.after_step()
    found = []
    for seed in (10, 11, 12):
        new, truth, _ = material(seed, own=False)
        found.append(float(((network(new)[:, 0] > 0) == (truth > 0.5)).float().mean()))
    return sum(found) / 3


def test_new_people_are_judged_better_when_the_shortcut_is_gone(tmp_path: Path) -> None:
    plain, trained = accuracy_on_new_people(0.0, tmp_path), accuracy_on_new_people(10.0, tmp_path)
    assert trained > plain + 0.05


def test_naming_costs_what_it_costs_the_authors(tmp_path: Path) -> None:
    """Binary for each person, averaged over them; the classifier moves at the network's rate."""
    network = nn.Sequential(nn.Linear(7, 24), nn.ReLU(), nn.Linear(24, 1))
    one = IdentityAdversarial(Reversal())
    chosen = recipe().optimiser
    training = Training(Seeing(recipe(), tmp_path), network, tmp_path, torch.device("cpu"), 100, 1)
    one.training, one._people, one._features = training, torch.tensor([2, -1]), Features(network)
    one.head = nn.Linear(24, 3)
    nn.init.zeros_(one.head.weight)
    one.head.bias.data = torch.tensor([0.0, 1.0, -1.0])
    batch = {"x": torch.randn(2, 7), "index": torch.tensor([0, 1])}
    loss, _ = one.loss(torch.tensor(5.0), batch)
    by_hand = torch.tensor([0.0, 1.0, 1.0]).exp().log1p().mean()
    assert float(loss.detach()) == pytest.approx(5 + float(by_hand))
    one._optimiser = make_optimiser(one.head, chosen)
    for step in (0, 50):
        one.before_step(step)
        rate = chosen.rate * rate_share(chosen, step, 100)
        assert one._optimiser.param_groups[0]["lr"] == pytest.approx(rate)


def test_without_people_it_is_refused(tmp_path: Path) -> None:
    one = IdentityAdversarial(Reversal())
    network = nn.Linear(2, 1)
    with pytest.raises(DataError, match="who is shown"):
        one.begin(Training(Seeing(recipe(), tmp_path), network, tmp_path,
                           torch.device("cpu"), 1, 1))  # fmt: skip
