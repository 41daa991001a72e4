"""Optimisers and the course of the rate."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from unmask.errors import SettingError
from unmask.train.optimisers import beside, make_optimiser, rate_share, set_rate
from unmask.train.recipe import Optimiser


def course(**values: object) -> list[float]:
    chosen = Optimiser.model_validate({"warmup": 0.0, "final": 0.1, **values})
    return [rate_share(chosen, step, 100) for step in range(100)]


def test_cosine_and_linear_fall_to_the_end() -> None:
    cosine, linear = course(), course(schedule="linear")
    assert cosine[0] == linear[0] == 1
    assert cosine == sorted(cosine, reverse=True)
    assert cosine[-1] == pytest.approx(0.1, abs=0.01)
    assert linear[50] == pytest.approx(1 - 0.9 * 49 / 99, abs=0.01)
    assert linear[-1] == pytest.approx(0.1, abs=0.01)


def test_steps_are_shares_of_the_run() -> None:
    stairs = course(schedule="step", steps=(0.5, 0.75), gamma=0.1)
    assert stairs[:50] == [1.0] * 50
    assert stairs[50:75] == pytest.approx([0.1] * 25)
    assert stairs[75:] == pytest.approx([0.01] * 25)


def test_the_rate_rises_before_it_is_constant() -> None:
    rise = course(schedule="constant", warmup=0.1)
    assert rise[:10] == pytest.approx([(k + 1) / 10 for k in range(10)])
    assert set(rise[10:]) == {1.0}


def test_a_held_rate_falls_late() -> None:
    held = course(schedule="linear", hold=0.75, final=0.0)
    assert held[:76] == [1.0] * 76
    assert held[88] == pytest.approx(1 - 13 / 25)
    assert held[-1] == pytest.approx(1 / 25)
    assert course(schedule="linear", hold=0.5, warmup=0.1)[:2] == pytest.approx([0.1, 0.2])


def test_steps_without_the_schedule_are_refused() -> None:
    with pytest.raises(ValidationError, match="go together"):
        Optimiser(steps=(0.5,))
    with pytest.raises(ValidationError, match="go together"):
        Optimiser(schedule="step")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("sgd", torch.optim.SGD),
    ],
)
def test_each_name_is_its_optimiser_over_what_moves(name: str, kind: type) -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    network[0].requires_grad_(False)
    made = make_optimiser(network, Optimiser.model_validate({"name": name, "rate": 0.3}))
    assert type(made) is kind
    assert [len(group["params"]) for group in made.param_groups] == [2]
    assert made.param_groups[0]["lr"] == 0.3


def test_parts_move_at_their_share_and_vectors_are_spared() -> None:
    """The longest beginning of a name counts; offsets and norms do not decay where it says so."""
    network = nn.ModuleDict({"body": nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
                             "head": nn.Linear(2, 1)})  # fmt: skip
    recipe = Optimiser(rate=0.1, weight_decay=0.5, spare_vectors=True,
                       shares={"body": 0.5, "body.1": 0.25, "head": 10.0})  # fmt: skip
    made = make_optimiser(network, recipe)
    set_rate(made, 0.01)
    names = {id(value): name for name, value in network.named_parameters()}
    found = {
        names[id(value)]: (group["lr"], group["weight_decay"])
        for group in made.param_groups
        for value in group["params"]
    }
    assert found == {
        "body.0.weight": (0.005, 0.5), "body.0.bias": (0.005, 0.0),
        "body.1.weight": (0.0025, 0.5), "body.1.bias": (0.0025, 0.0),
        "head.weight": (0.1, 0.5), "head.bias": (0.1, 0.0),
    }  # fmt: skip
    assert len(beside(nn.Linear(2, 1), recipe).param_groups) == 2
    with pytest.raises(SettingError, match=r"begins with 'tail'. There are: body, head"):
        make_optimiser(network, Optimiser(shares={"tail": 2.0}))
    assert len(make_optimiser(network, Optimiser()).param_groups) == 1
