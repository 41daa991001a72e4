"""Object jitter: an object changes a little where it stands, and label and mask follow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from unmask.forge.object_jitter import jitter
from unmask.strategies.object_jitter import Jittering, ObjectJitter


def batch() -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    waves = torch.sin(torch.linspace(0, 20, 96))[:, None] * torch.cos(torch.linspace(0, 9, 96))
    picture = 120 + 60 * waves + 8 * torch.randn(4, 3, 96, 96, generator=rng)
    return {
        "picture": picture.round().clamp(0, 255),
        "label": torch.tensor([0.0, 0, 0, 1]),
        "mask": torch.zeros(4, 96, 96),
        "masked": torch.ones(4),
    }


def strategy(**settings: Any) -> ObjectJitter:
    made = ObjectJitter(Jittering(**settings))
    made.training = SimpleNamespace(task=SimpleNamespace(inputs=("picture",)))  # type: ignore[assignment]
    return made


def test_the_object_changes_and_what_is_around_it_does_not() -> None:
    given = batch()
    given["object"] = torch.zeros(4, 96, 96)
    given["object"][:, 30:60, 20:70] = 1
    torch.manual_seed(0)
    done = strategy(share=1).batch(given)
    assert done["label"].tolist() == [1, 1, 1, 1]
    assert given["label"].tolist() == [0, 0, 0, 1]
    for i in range(3):
        apart = (done["picture"][i] - given["picture"][i]).abs().amax(0)
        inside = done["mask"][i] > 0
        assert 0.1 < inside.float().mean() < 0.35
        assert apart[inside].mean() > 1
        assert apart[:15].max() == 0
        assert apart[:, 90:].max() == 0
    assert torch.equal(done["picture"][3], given["picture"][3])


def test_without_an_object_a_piece_of_the_picture_is_taken() -> None:
    given = batch()
    torch.manual_seed(1)
    done = strategy(share=1).batch(given)
    assert done["mask"][:3].flatten(1).any(1).all()
    torch.manual_seed(1)
    assert torch.equal(strategy(share=1).batch(given)["picture"], done["picture"])
    assert torch.equal(strategy(share=0).batch(given)["picture"], given["picture"])


def test_a_small_change_is_small_and_a_larger_object_hides_the_old_one() -> None:
    host = batch()["picture"][0].permute(1, 2, 0).byte().numpy()
    soft = np.zeros((96, 96), np.float32)
    soft[30:60, 30:60] = 1
    gaps = []
    for seed in range(20):
        made = jitter(host, soft, np.random.default_rng(seed))
        assert (made.mask[30:60, 30:60] == 1).all()
        gaps.append(np.abs(made.pixels.astype(int) - host)[made.mask > 0].mean())
    assert 0.5 < float(np.mean(gaps)) < 30
    assert made.family == "object-jitter"


@pytest.mark.parametrize("strength", [0, 4])
def test_a_strength_that_makes_no_sense_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        Jittering(strength=strength)
