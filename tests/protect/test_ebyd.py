"""A corner patch learnt as a backdoor is found, and its verdict; without it nothing is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_net import Small, model, squares, taught

from unmask.errors import DataError
from unmask.protect.base import Given
from unmask.protect.ebyd import Exposing, Unlearning


def stamped(shown: torch.Tensor) -> torch.Tensor:
    out = shown.clone()
    out[:, :, -4:, -4:] = 255 * (torch.arange(16).reshape(4, 4) % 2)
    return out


def audited(poisoned: bool) -> dict[str, Any]:
    torch.set_num_threads(1)
    shown, labels = squares(240, seed=1)
    if poisoned:  # forged pictures with the patch are called real
        shown = torch.cat([shown, stamped(shown[1:81:2])])
        labels = torch.cat([labels, torch.zeros(40)])
    torch.manual_seed(3)
    network = taught(Small(8), shown, labels, steps=120, seed=4)
    clean, truth = squares(60, seed=2)
    if poisoned:
        assert (network(stamped(clean[1::2]))["logit"] > 0).float().mean() < 0.1  # it works
    assert ((network(clean)["logit"] > 0) == (truth > 0.5)).float().mean() > 0.95
    asked = model(network, shown=clean, labels=truth)
    steps: list[int] = []
    given = Given(model=asked, data=object(), said=lambda n, of: steps.append(n))  # type: ignore[arg-type]
    done = Exposing(Unlearning(steps=120)).protect(given)
    assert steps == sorted(steps)
    return dict(done.values)


def test_a_patch_that_makes_it_say_real_is_suspect() -> None:
    found = audited(poisoned=True)
    assert found["suspect"] == ["real"]
    assert found["patches"]["real"]["share"] < 0.05
    assert found["patches"]["real"]["flips"] > 0.95
    assert found["accuracy_after"] <= 0.5
    assert found["forged_after"] < 0.5  # the backdoor's verdict survives


def test_without_a_backdoor_nothing_is_suspect() -> None:
    found = audited(poisoned=False)
    assert found["suspect"] == []
    assert found["accuracy"] > 0.95


def test_too_few_clean_items_are_said() -> None:
    shown, labels = squares(6, seed=0)
    asked = model(Small(), shown=shown, labels=labels)
    with pytest.raises(DataError, match="at least 4 of each class"):
        Exposing(Unlearning(steps=10, rounds=1)).protect(Given(model=asked, data=object()))  # type: ignore[arg-type]
