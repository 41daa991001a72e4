"""What holds for every detector that can be listed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from unmask import registry
from unmask.cards.card import Card, read_card, verified_weights
from unmask.errors import ModelError
from unmask.runtime.model import Model
from unmask.train.recipe import read_recipe, resolve
from unmask.train.solved import Solved
from unmask.train.task import Task
from unmask.types import Claim

NAMES = registry.shipped()
MEGABYTE = 1024 * 1024


def test_something_is_listed() -> None:
    assert NAMES


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest) -> Path:
    return registry.detector_card(request.param)


def test_the_card_is_complete(path: Path) -> None:
    card = read_card(path)
    assert card.name == path.parent.name
    assert {row.claim for row in card.operating} <= set(Claim)
    assert {row.output for row in card.operating} <= {output.name for output in card.outputs}
    assert card.training
    assert card.training.wall_seconds > 0
    assert card.training.data
    for row in card.operating:
        assert min(t.fpr for t in row.thresholds) <= 0.001
        assert row.reals >= 20
        assert row.fakes >= 20


def test_the_weights_are_those_of_the_card(path: Path) -> None:
    card = read_card(path)
    size = verified_weights(path).stat().st_size
    assert size == card.file().bytes
    assert size <= 25 * MEGABYTE


def test_documentation_exists(path: Path) -> None:
    text = (path.parent / "README.md").read_text(encoding="utf-8")
    assert len(text) > 500


def inputs(card: Card, batch: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    made = {}
    for part in card.inputs:
        shape = [batch if i == 0 else _size(v) for i, v in enumerate(part.shape)]
        high = 255.0 if len(shape) == 4 else 0.3
        low = 0.0 if len(shape) == 4 else -0.3
        made[part.name] = rng.uniform(low, high, shape).astype(np.float32)
    return made


def _size(value: int | str) -> int:
    return value if isinstance(value, int) else 256


def test_the_network_takes_and_gives_what_the_card_says(path: Path) -> None:
    model = Model(path, threads=1)
    outputs = model.run(inputs(model.card, 2))
    for part in model.card.outputs:
        value = outputs[part.name]
        assert value.dtype == np.float32
        assert np.isfinite(value).all()
        assert value.ndim == len(part.shape)
        for size, said in zip(value.shape[1:], part.shape[1:], strict=True):
            assert isinstance(said, str) or size == said


def test_items_of_a_batch_do_not_touch_each_other(path: Path) -> None:
    model = Model(path, threads=1)
    both = inputs(model.card, 2)
    together = model.run(both)
    alone = model.run({name: value[1:] for name, value in both.items()})
    for name, value in together.items():
        np.testing.assert_allclose(value[1:], alone[name], rtol=1e-3, atol=1e-3)


def test_altered_weights_are_refused(path: Path, tmp_path: Path) -> None:
    card = read_card(path)
    (tmp_path / "card.toml").write_bytes(path.read_bytes())
    data = bytearray((path.parent / card.file().file).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / card.file().file).write_bytes(data)
    assert hashlib.sha256(data).hexdigest() != card.file().sha256
    with pytest.raises(ModelError, match="sha256 differs"):
        Model(tmp_path / "card.toml")


def test_the_graph_reaches_for_no_other_file(path: Path) -> None:
    # From bytes the runtime knows no folder to look for another file in.
    data = verified_weights(path).read_bytes()
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == [i.name for i in read_card(path).inputs]


@pytest.mark.parametrize("name", sorted(registry.recipes()))
def test_recipes_name_a_task_and_an_evaluation(name: str) -> None:
    recipe = read_recipe(registry.recipes()[name])
    assert recipe.name == name
    assert issubclass(resolve(recipe.task), Task | Solved)
    if name in registry.shipped():
        assert callable(resolve(recipe.evaluation))
