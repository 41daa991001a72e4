"""Batches hold each corpus in its share, whatever comes in; steps are those of ``sam``."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toy import recipe

from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError
from unmask.strategies.base import Training
from unmask.strategies.csam import Corpora, CorporaSharpness
from unmask.train.methods import MethodTask

SOURCES = ["vocoder"] * 30 + ["codec"] * 10


class Listed(MethodTask):
    """A task that only says which items it trains on."""

    def __init__(self, folder: Path) -> None:
        self.recipe = recipe()
        items = (
            Item("a", f"{n}", f"{n}.wav", "audio", n % 2, split="train", source=source)
            for n, source in enumerate(SOURCES)
        )
        self.manifest = Manifest(folder, tuple(items), "made")


def begun(folder: Path, **settings: object) -> CorporaSharpness:
    one = CorporaSharpness(Corpora(**settings))
    network = torch.nn.Linear(1, 1)
    one.begin(Training(Listed(folder), network, folder, torch.device("cpu"), 1, 1))
    return one


def drawn(places: list[int]) -> dict[str, torch.Tensor]:
    index = torch.tensor(places)
    return {"x": index.float()[:, None], "label": torch.zeros(len(places)), "index": index}


def test_shares_are_those_of_the_training_or_as_asked(tmp_path: Path) -> None:
    assert begun(tmp_path).names == ["codec", "vocoder"]
    assert begun(tmp_path).counts(8) == [2, 6]
    assert begun(tmp_path, shares={"codec": 1.0, "vocoder": 1.0}).counts(8) == [4, 4]
    assert begun(tmp_path, shares={"codec": 1.0, "vocoder": 2.0}).counts(8) == [3, 5]
    with pytest.raises(DataError, match="no item comes from 'songs'"):
        begun(tmp_path, shares={"songs": 1.0})


def test_batches_by_chance_come_out_by_shares(tmp_path: Path) -> None:
    """Drawn at random, a batch of 8 has between none and six of the rarer corpus; here always 2."""
    one = begun(tmp_path)
    torch.manual_seed(0)
    came, seen = set(), []
    one.batch(drawn([*range(8), *range(30, 38)]))
    for _ in range(40):
        places = torch.randint(40, (8,)).tolist()
        came.add(sum(place >= 30 for place in places))
        given = one.batch(drawn(places))
        codec = (given["index"] >= 30).sum()
        assert (len(given["label"]), int(codec)) == (8, 2)
        assert torch.equal(given["x"][:, 0], given["index"].float())
        seen += given["index"].tolist()
    assert max(came) - min(came) > 3
    assert len(set(seen)) > 30


def test_what_waits_is_kept_over_a_stop(tmp_path: Path) -> None:
    one, other = begun(tmp_path), begun(tmp_path)
    one.batch(drawn([1, 2, 3, 30, 31, 32, 33, 4]))
    other.restore(one.state())
    for places in ([5, 6, 7, 8, 9, 10, 11, 12], [31, 32, 33, 34, 35, 36, 37, 38]):
        assert torch.equal(one.batch(drawn(places))["index"], other.batch(drawn(places))["index"])


def test_the_gradient_is_that_of_the_worst_place_near_by(tmp_path: Path) -> None:
    """Of w squared at 1, looked for 0.05 further up: 2.1."""
    one = begun(tmp_path)
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    network = torch.nn.Module()
    network.weight = weight
    one.training = Training(one.training.task, network, tmp_path, torch.device("cpu"), 1, 1)

    def compute() -> dict[str, float]:
        weight.grad = 2 * weight.detach()
        return {"loss": 1.0}

    one.gradients(compute)
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(2.1, abs=1e-6)
    assert weight.item() == 1
