"""Weights of items by their running loss: by hand, and with wrong labels among them."""

from __future__ import annotations

import math

import torch

from unmask.strategies.momentum_difficulty import Difficulty, MomentumDifficulty


def known(count: int, **settings: float) -> MomentumDifficulty:
    one = MomentumDifficulty(Difficulty(**settings))
    one.table = torch.full((count,), float("nan"))
    return one


def test_the_running_mean_and_the_weights_are_those_of_the_formula() -> None:
    one = known(3, decay=0.9, heat=0.5, most=10)
    one.weights(torch.tensor([0, 1]), torch.tensor([1.0, 2.0]))
    found = one.weights(torch.tensor([0, 1, -1]), torch.tensor([3.0, 2.0, 0.5]))
    mean = 0.9 * 1.0 + 0.1 * 3.0
    assert torch.allclose(one.table[:2], torch.tensor([mean, 2.0]))
    assert one.table[2].isnan()
    raised = torch.tensor([math.exp(v / 0.5) for v in (mean, 2.0, 0.5)])
    assert torch.allclose(found, raised / raised.mean(), rtol=1e-4)


def test_one_bad_batch_counts_less_than_lasting_difficulty() -> None:
    one = known(2)
    for _ in range(20):
        one.weights(torch.tensor([0, 1]), torch.tensor([0.1, 1.5]))
    lucky, hard = one.weights(torch.tensor([0, 1]), torch.tensor([3.0, 1.5])).tolist()
    assert lucky < hard


def test_wrong_labels_cannot_take_over() -> None:
    one = known(100, most=3.0)
    values = torch.full((100,), 0.2)
    values[7] = 9.0  # a wrong label stays hard for ever
    for _ in range(50):
        found = one.weights(torch.arange(100), values)
    assert float(found.max()) == 3.0


def test_what_is_known_is_kept_over_a_stop() -> None:
    one, again = known(3), known(3)
    one.weights(torch.tensor([2]), torch.tensor([0.7]))
    again.restore(one.state())
    assert again.table[2] == one.table[2]
