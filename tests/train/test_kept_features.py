"""Features of a frozen encoder: computed once, as good as computed again, and never stale."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.detectors.image.clip_origin.method import ClipOriginMethod
from unmask.errors import DataError
from unmask.train.kept_features import keep, release
from unmask.train.loop import fit
from unmask.train.methods import MethodTask
from unmask.train.recipe import Recipe


class Seen(nn.Module):
    """A frozen part whose method counts its rows."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.rows = 0
        self.factor = nn.Parameter(torch.tensor(factor), requires_grad=False)

    def look(self, x: torch.Tensor) -> torch.Tensor:
        self.rows += len(x)
        return self.factor * x.reshape(len(x), 2, 2)


class Network(nn.Module):
    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.eye = Seen(factor)
        self.head = nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.eye.look(x).flatten(1))
        return out


def test_each_input_is_computed_once_also_in_a_later_run(tmp_path: Path) -> None:
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    plain, network = Network(), Network()
    network.load_state_dict(plain.state_dict())
    keep(network, "eye.look", tmp_path / "f.sqlite")
    torch.testing.assert_close(network(x), plain(x), atol=2e-3, rtol=0)
    before = network.eye.rows
    network(x[[3, 1]])
    copy.deepcopy(network)(x)
    assert network.eye.rows == before
    again = Network()
    again.load_state_dict(plain.state_dict())
    keep(again, "eye.look", tmp_path / "f.sqlite")
    torch.testing.assert_close(again(x), network(x))
    assert again.eye.rows == 1  # one entry says of what shape it is


def test_other_weights_and_other_inputs_are_noticed(tmp_path: Path) -> None:
    x = torch.ones(1, 4)
    for factor in (1.0, 2.0):
        network = Network(factor)
        keep(network, "eye.look", tmp_path / "f.sqlite")
        assert network.eye.look(x).mean() == factor
        assert network.eye.look(3 * x).mean() == 3 * factor


def test_after_release_it_computes_itself(tmp_path: Path) -> None:
    network = Network()
    keep(network, "eye.look", tmp_path / "f.sqlite")
    release(network, "eye.look")
    release(network, "eye.look")
    network(torch.ones(2, 4))
    network(torch.ones(2, 4))
    assert network.eye.rows == 4


@pytest.mark.parametrize("frozen", ["head.forward", ""])
def test_what_learns_is_not_kept(tmp_path: Path, frozen: str) -> None:
    with pytest.raises(DataError, match="frozen encoder"):
        keep(Network(), frozen, tmp_path / "f.sqlite")


class Unexported(MethodTask):
    """The task without its export, which takes most of a short run."""

    def export(self, network: nn.Module, path: Path) -> None:
        release(network, self.method.frozen)
        torch.save(network.state_dict(), path)


def test_training_on_kept_features_ends_where_training_without_them_does(tmp_path: Path) -> None:
    rng, rows = np.random.default_rng(0), []
    for split in ("train", "val"):
        for n in range(4):
            path = f"{split}{n}.png"
            Image.fromarray(rng.integers(0, 255, (40, 40, 3), np.uint8)).save(tmp_path / path)
            maker = "gan" if n % 2 else ""
            rows.append(
                Item(path, path, path, "image", n % 2, split=split, group=path, generator=maker)
            )
    data = write_manifest(tmp_path / "m.parquet", Manifest(tmp_path, tuple(rows), "made"))
    small = {**ClipOriginMethod.small, "generators": ["gan"]}
    heads = []
    for name, more in (("plain", {}), ("kept", {"features": str(tmp_path / "f.sqlite")})):
        recipe = Recipe(
            name="clip_origin", task="unmask.train.methods:MethodTask", samples=16, batch=4,
            workers=0, validate_every=16, keep="last", settings={**small, **more},
        )  # fmt: skip
        fit(Unexported(recipe, data), tmp_path / name)
        state = torch.load(tmp_path / name / "best.pt", weights_only=True)
        heads.append(state["head.weight"])
    torch.testing.assert_close(heads[0], heads[1], atol=1e-3, rtol=0)
