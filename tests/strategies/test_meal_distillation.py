"""What the teachers say is learnt and nothing else; both losses by hand and by the authors' program
(szq0214/MEAL-V2 59e6bca)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stand import Looking
from torch import Tensor, nn
from torch.nn import functional as F
from toy import recipe

from official import filled, noise
from unmask.errors import SettingError
from unmask.strategies.base import Training
from unmask.strategies.meal_distillation import Ensemble, MealDistillation, discriminator
from unmask.train.optimisers import rate_share

GOLDEN = np.load(Path(__file__).parent / "meal.npz")


class Small(Looking):
    def network(self) -> nn.Module:
        return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))

    def scores(self, network: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        given: Tensor = network(batch["x"])[:, 0]
        return given


def begun(
    tmp_path: Path, weight: float, same: bool, **settings: Any
) -> tuple[MealDistillation, nn.Module]:
    torch.manual_seed(0)
    task = Small(recipe(), tmp_path)
    network, teacher = task.network(), task.network()
    if same:
        teacher.load_state_dict(network.state_dict())
    torch.save(teacher.state_dict(), tmp_path / "teacher.pt")
    teachers = (str(tmp_path / "teacher.pt"),)
    one = MealDistillation(Ensemble(teachers=teachers, weight=weight, **settings))
    one.begin(Training(task, network, tmp_path, torch.device("cpu"), 10, 1))
    return one, network


def test_a_network_that_is_its_teacher_has_nothing_to_learn(tmp_path: Path) -> None:
    one, network = begun(tmp_path, 0.0, same=True)
    batch = {"x": torch.randn(6, 5), "label": torch.ones(6)}
    loss, _ = one.loss(torch.tensor(99.0), batch)
    loss.backward()
    assert all(float(p.grad.abs().max()) < 1e-6 for p in network.parameters() if p.grad is not None)


def test_the_labels_are_not_looked_at_and_the_teacher_is_learnt(tmp_path: Path) -> None:
    one, network = begun(tmp_path, 0.1, same=False)
    x = torch.randn(64, 5)
    wanted = one.scores({"x": x}, one._teachers[0]).detach()
    optimiser = torch.optim.Adam(network.parameters(), 0.02)

    def apart() -> float:
        return float((network(x)[:, 0].sigmoid() - wanted.sigmoid()).abs().mean().detach())

    before = apart()
    for step in range(200):
        one.before_step(step)
        loss, said = one.loss(torch.tensor(0.0), {"x": x, "label": torch.zeros(64)})
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        one.after_step()
    assert set(said) == {"soft", "told"}
    assert apart() < 0.2 * before


def test_the_discriminator_by_hand(tmp_path: Path) -> None:
    one, _ = begun(tmp_path, 1.0, same=False)
    mine, theirs = torch.randn(3, 8), torch.randn(3, 8)
    said = one.discriminator(torch.cat([mine, theirs]))
    truth = torch.tensor([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    by_hand = F.binary_cross_entropy_with_logits(said, truth)
    assert float(one.told(mine, theirs).detach()) == pytest.approx(float(by_hand.detach()))
    assert said.shape == (6, 2)
    assert float(said.min()) >= 0  # ReLU behind the last layer too


def test_the_network_works_along_with_the_discriminator_unless_told_against(tmp_path: Path) -> None:
    """The authors' program turns no gradient round."""
    slopes = {}
    for against in (False, True):
        one, network = begun(tmp_path, 1.0, same=True, against=against)
        one.discriminator = nn.Linear(8, 2)
        one.loss(torch.tensor(0.0), {"x": noise((6, 5), 1)})[0].backward()
        slopes[against] = network[0].weight.grad
    assert slopes[False].abs().max() > 0
    torch.testing.assert_close(slopes[True], -slopes[False])


def test_the_discriminator_moves_as_the_network_does(tmp_path: Path) -> None:
    """The authors have both in one optimiser, whose rate they set for both."""
    one, _ = begun(tmp_path, 1.0, same=False)
    chosen = one.training.task.recipe.optimiser
    assert type(one._optimiser) is torch.optim.AdamW
    for step in (0, 5, 9):
        one.before_step(step)
        expected = chosen.rate * rate_share(chosen, step, 10)
        assert one._optimiser.param_groups[0]["lr"] == pytest.approx(expected)
    one, _ = begun(tmp_path, 1.0, same=False, rate=1e-4)
    one.before_step(9)
    assert one._optimiser.param_groups[0]["lr"] == 1e-4


def test_layers_narrow_by_eight() -> None:
    widths = [(one.in_features, one.out_features) for one in discriminator(1000)[::2]]
    assert widths == [(1000, 125), (125, 15), (15, 2)]
    assert discriminator(4)(torch.zeros(3, 4)).shape == (3, 2)


def test_16_bits_are_refused(tmp_path: Path) -> None:
    task = Small(recipe(precision="16"), tmp_path)
    one = MealDistillation(Ensemble(teachers=("nowhere",)))
    with pytest.raises(SettingError, match="bf16 or 32"):
        one.begin(Training(task, nn.Linear(2, 1), tmp_path, torch.device("cpu"), 10, 1))


def test_both_losses_are_the_authors(tmp_path: Path) -> None:
    """Their discriminator is of 1 × 1 convolutions, their teachers' softmaxes are averaged."""
    one, _ = begun(tmp_path, 1.0, same=False)
    shapes = {"conv1": (32, 256), "conv2": (4, 32), "conv3": (2, 4)}
    weights = {f"{name}.weight": (*shape, 1, 1) for name, shape in shapes.items()}
    made = filled(weights | {f"{name}.bias": shape[:1] for name, shape in shapes.items()}, gain=2.0)
    places = {"conv1": "0", "conv2": "2", "conv3": "4"}
    one.discriminator = discriminator(256)
    one.discriminator.load_state_dict(
        {f"{places[name[:5]]}.{name[6:]}": value.flatten(2).squeeze(2) if value.ndim > 1 else value
         for name, value in made.items()}
    )  # fmt: skip
    mine = noise((6, 256), 1, -2, 2).requires_grad_()
    told = one.told(mine, noise((6, 256), 2, -2, 2))
    told.backward()
    np.testing.assert_allclose(told.item(), GOLDEN["told"], atol=1e-5)
    np.testing.assert_allclose(mine.grad, GOLDEN["slope"], atol=1e-6)
    wanted = torch.stack([noise((6,), n, -3, 3).sigmoid() for n in (4, 5)]).mean(0)
    soft = F.binary_cross_entropy_with_logits(noise((6,), 3, -3, 3), wanted)
    np.testing.assert_allclose(soft.item(), GOLDEN["soft"], atol=1e-5)
