"""What holds for every strategy: found by looking, so a new file is tested as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from unmask.catalog import catalog
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError
from unmask.plugin_files import described, member, names
from unmask.strategies._chain import Chain
from unmask.strategies.base import Settings, Strategy
from unmask.train.checkpoint import load
from unmask.train.loop import fit
from unmask.train.method import method_named
from unmask.train.methods import MethodTask
from unmask.train.recipe import Recipe

NAMES = names("strategies")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of both classes, with a face in each and what is known of the person."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    rows = []
    for split in ("train", "val"):
        for n in range(4):
            path = f"{split}{n}.png"
            Image.fromarray(rng.integers(0, 255, (60, 60, 3), np.uint8)).save(root / path)
            who = "female" if n > 1 else "male"
            rows.append(
                Item(path, path, path, "image", n % 2, split=split, group=path, gender=who,
                     face=(10.0, 10.0, 40.0, 40.0))
            )  # fmt: skip
    return write_manifest(root / "manifest.parquet", Manifest(root, tuple(rows), "made"))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("teacher") / "best.pt"
    torch.save(method_named("mesonet")().network().state_dict(), path)
    return path


def wrapped(name: str, teacher: Path, **settings: Any) -> Recipe:
    """MesoNet under a strategy; whatever has to be named is."""
    kind: type[Strategy[Any]] = member("strategies", name, Strategy)
    asked = {n for n, field in kind.settings_type.model_fields.items() if field.is_required()}
    table = {n: [str(teacher)] for n in asked & {"teachers"}} | dict(kind.small) | settings
    assert asked <= set(table), "a setting that must be given needs a value in this test"
    return Recipe(
        name="mesonet", task="unmask.train.methods:MethodTask", samples=8, batch=2, workers=0,
        validate_every=4, strategies=(name,), strategy={name: table},
    )  # fmt: skip


class Unexported(MethodTask):
    """The task without its export, which takes most of a short run and is tested elsewhere."""

    def export(self, network: nn.Module, path: Path) -> None:
        torch.save(network.state_dict(), path)


class Interrupted(Exception):
    pass


def test_something_is_listed() -> None:
    assert {"sam", "mean-teacher", "distillation", "replay"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    said = described("strategies", name)
    assert said.url.startswith("https://")
    entries = {entry.key: entry for entry in catalog()}
    entry = entries[f"strategy:{name}"]
    assert entry.title
    assert entry.year
    kind: type[Strategy[Any]] = member("strategies", name, Strategy)
    assert kind.settings_type is not Settings, "a strategy has settings of its own"
    page = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    assert all(f"`{field}" in page for field in kind.settings_type.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_is_not_there_is_one_line(name: str, teacher: Path) -> None:
    with pytest.raises(DataError, match="Its settings") as caught:
        Chain(wrapped(name, teacher, unheard=3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_stopped_run_of_a_method_goes_on_exactly(
    name: str, data: Path, teacher: Path, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    recipe = wrapped(name, teacher)

    def stop(done: int, of: int, log: dict[str, float]) -> None:
        assert np.isfinite(log["loss"])
        if done == 6:
            raise Interrupted

    fit(Unexported(recipe, data), tmp_path / "whole")
    with pytest.raises(Interrupted):
        fit(Unexported(recipe, data), tmp_path / "parts", stop)
    fit(Unexported(recipe, data), tmp_path / "parts")
    whole, parts = (load(tmp_path / part / "last.pt") for part in ("whole", "parts"))
    assert set(whole["strategies"]) == {name}
    for part in ("network", "average", "strategies"):
        _equal(whole[part], parts[part], part)


@pytest.mark.parametrize("name", NAMES)
def test_it_changes_the_training(name: str, data: Path, teacher: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = wrapped(name, teacher).model_copy(update={"samples": 4})
    plain = recipe.model_copy(update={"strategies": (), "strategy": {}})
    fit(Unexported(recipe, data), tmp_path / "with")
    fit(Unexported(plain, data), tmp_path / "without")
    found = [load(tmp_path / part / "last.pt")["network"] for part in ("with", "without")]
    assert any(not torch.equal(found[0][key], found[1][key]) for key in found[0])


def _equal(one: Any, two: Any, place: str) -> None:
    if isinstance(one, dict):
        assert set(one) == set(two), place
        for key in one:
            _equal(one[key], two[key], f"{place}.{key}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, two), place
    else:
        assert one == two, place
