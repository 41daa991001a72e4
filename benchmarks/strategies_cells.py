"""One training of the table of strategies: by the command line's own way, judged, and kept.

A cell is what one method learned on one made set with one seed, with a strategy or without. Its
scores lie in a file of its own as soon as it is done, so that a run that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from strategies_made import made_set
from torch import nn
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.datasets.manifest import read_manifest
from unmask.datasets.samples import collate
from unmask.train.checkpoint import load
from unmask.train.method import Method, method_named
from unmask.train.methods import MethodTask, as_floats
from unmask.train.recipe import Optimiser, Recipe

BATCH = 16


def method_of(recipe: Recipe) -> Method:
    """The method; where the settings say ``side``, its picture is taken in that size."""
    method = method_named(recipe.name)(recipe.settings)
    if side := recipe.settings.get("side"):
        card = method.card
        shape = {"shape": ["batch", 3, side, side]}
        inputs = [part.model_copy(update=shape) for part in card.inputs]
        method.card = card.model_copy(update={"inputs": inputs})
    return method


class Small(MethodTask):
    """The task of a small form, without its export, which would take longer than the training."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        self.method = method_of(recipe)

    def export(self, network: nn.Module, path: Path) -> None:
        """Nothing: the weights are read from the run's checkpoint."""


@dataclass(frozen=True, slots=True)
class Size:
    """How a method is trained here: its settings, samples in all, rate and precision."""

    settings: Mapping[str, Any]
    samples: int
    rate: float
    precision: str = "32"


SIZES = {
    "mesonet": Size({}, 480, 4e-3, "bf16"),
    "efficientnet_b4": Size({"side": 64, "backbone": "test_efficientnet"}, 960, 5e-3),
}
"""MesoNet as it is, and EfficientNet-B4 in its small form."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is trained on what. ``after``: the run whose weights it starts from.

    ``teachers``: runs that are named in ``teachers`` of the strategy's settings; ``memory``: the
    run before left one there.
    """

    method: str
    made: str
    seed: int
    strategy: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: Cell | None = None
    teachers: tuple[Cell, ...] = ()
    memory: bool = False

    @property
    def key(self) -> str:
        """The name of its folder."""
        before = f"{self.after.key}+" if self.after else ""
        return f"{before}{self.method}-{self.made}-{self.strategy or 'without'}-{self.seed}"


def trained(cell: Cell, folder: Path, scale: float = 1.0) -> list[dict[str, Any]]:
    """Scores of the test items, a row each; trained where they are not kept yet."""
    kept = folder / "runs" / cell.key / "scores.json"
    if kept.exists():
        rows: list[dict[str, Any]] = json.loads(kept.read_text())
        return rows
    for needed in (*((cell.after,) if cell.after else ()), *cell.teachers):
        trained(needed, folder, scale)
    data = made_set(folder / "sets", cell.made, cell.seed, scale)
    recipe = _recipe(cell, folder, scale)
    out = kept.parent
    out.mkdir(parents=True, exist_ok=True)
    written = out.with_suffix(".recipe.json")
    written.write_text(recipe.model_dump_json())
    asked = ["train", "--recipe", str(written), "--data", str(data), "--out", str(out), "--json"]
    if cell.strategy:
        asked += ["--strategy", cell.strategy]
    done = CliRunner().invoke(app, asked)
    if done.exit_code:
        raise SystemExit(f"{cell.key}: {done.output}") from done.exception
    rows = _judged(recipe, out / "best.pt", data)
    kept.write_text(json.dumps(rows))
    (out / "last.pt").unlink()
    return rows


def _recipe(cell: Cell, folder: Path, scale: float) -> Recipe:
    """Adam, its rate falling to nothing; the weights of the end are those that are judged."""
    size = SIZES[cell.method]
    samples = max(2, round(size.samples * scale) // BATCH) * BATCH
    settings = dict(cell.settings)
    if cell.teachers:
        settings["teachers"] = [str(_run(one, folder) / "best.pt") for one in cell.teachers]
    if cell.memory and cell.after:
        settings["memory"] = str(_run(cell.after, folder) / "replay.pt")
    strategy = {"strategies": (cell.strategy,), "strategy": {cell.strategy: settings}}
    return Recipe(
        name=cell.method, task="strategies_cells:Small", seed=cell.seed, samples=samples,
        batch=BATCH, workers=0, validate_every=samples, precision=size.precision, keep="last",
        init=str(_run(cell.after, folder) / "best.pt") if cell.after else "random",
        optimiser=Optimiser(name="adam", rate=size.rate, weight_decay=0.0, warmup=0.0, ema=0.0),
        settings=dict(size.settings), **(strategy if cell.strategy else {}),
    )  # fmt: skip


def _run(cell: Cell, folder: Path) -> Path:
    return folder / "runs" / cell.key


@torch.inference_mode()
def _judged(recipe: Recipe, weights: Path, data: Path) -> list[dict[str, Any]]:
    """Each test item: the part it belongs to, what it is and what the network says."""
    method = method_of(recipe)
    network = method.network().eval()
    network.load_state_dict(load(weights))
    manifest = read_manifest(data)
    entries = method.samples(manifest, "test", recipe)
    items = manifest.select(split="test").items
    rows = []
    for first in range(0, len(items), 32):
        many = [entries[n] for n in range(first, min(first + 32, len(items)))]
        said = method.score(method.run(network, as_floats(collate(many)))).tolist()
        rows += [
            {"item": item.item_id, "part": item.condition, "group": item.gender,
             "label": item.label, "score": score}
            for item, score in zip(items[first:], said, strict=False)
        ]  # fmt: skip
    return rows
