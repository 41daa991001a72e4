"""FSTS: edits of text are made while training, and label and mask follow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from unmask.errors import DataError
from unmask.forge.text_page import SEEN, fonts, page
from unmask.strategies.fsts import Editing, Fsts


def batch() -> dict[str, torch.Tensor]:
    pages = [
        page(name, fonts(), np.random.default_rng(i))[:320, :320] for i, name in enumerate(SEEN)
    ]
    return {
        "picture": torch.from_numpy(np.stack(pages)).permute(0, 3, 1, 2).float(),
        "label": torch.tensor([0.0, 0, 0, 1]),
        "mask": torch.zeros(4, 320, 320),
        "masked": torch.ones(4),
    }


def strategy(**settings: Any) -> Fsts:
    made = Fsts(Editing(**settings))
    made.training = SimpleNamespace(task=SimpleNamespace(inputs=("picture",)))  # type: ignore[assignment]
    return made


def test_every_unforged_picture_is_edited_where_its_mask_says() -> None:
    given = batch()
    torch.manual_seed(0)
    done = strategy(share=1, save=0).batch(given)
    assert done["label"].tolist() == [1, 1, 1, 1]
    assert given["label"].tolist() == [0, 0, 0, 1]  # the batch itself stays
    changed = (done["picture"] != given["picture"]).any(1)
    assert changed[:3].flatten(1).any(1).all()
    assert not changed[done["mask"] == 0].any()
    assert not changed[3].any()


def test_the_last_save_says_nothing_of_the_label() -> None:
    given = batch()
    torch.manual_seed(0)
    done = strategy(share=0, save=80).batch(given)
    assert done["label"].tolist() == given["label"].tolist()
    assert (done["picture"] != given["picture"]).flatten(1).any(1).all()  # all were saved again


def test_it_is_drawn_from_torchs_generator() -> None:
    twice = []
    for _ in range(2):
        torch.manual_seed(3)
        twice.append(strategy(share=1).batch(batch())["picture"])
    assert torch.equal(*twice)


def test_what_is_outside_a_picture_stays_outside() -> None:
    given = batch()
    given["mask"][0, :, :200] = -1
    torch.manual_seed(1)
    done = strategy(share=1).batch(given)
    assert (done["mask"][0, :, :200] == -1).all()


def test_a_table_of_ones_own_has_to_be_there() -> None:
    with pytest.raises(DataError, match="table of text edits"):
        strategy(table="nowhere.toml")
