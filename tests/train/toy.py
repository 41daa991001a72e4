"""A task that trains in a second; as a program it trains into a folder.

python toy.py OUT [processes] [seconds a step]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.train.loop import fit
from unmask.train.recipe import Optimiser, Recipe
from unmask.train.task import Batch, Task

TRUTH = torch.tensor([1.0, -2.0, 0.5])


class Points(Dataset[Batch]):
    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        rng = torch.Generator().manual_seed(self.seed * 100_003 + index)
        x = torch.randn(3, generator=rng)
        return {"x": x, "y": (x @ TRUTH > 0).float()}


class Toy(Task):
    """A linear rule; ``settings``: ``dropout``, ``norm`` (batch normalisation), ``pause``."""

    def network(self) -> nn.Module:
        torch.manual_seed(self.recipe.seed)
        settings = self.recipe.settings
        layers: list[nn.Module] = [nn.Linear(3, 8)]
        if settings.get("norm"):
            layers.append(nn.BatchNorm1d(8))
        layers += [nn.ReLU(), nn.Dropout(float(settings.get("dropout", 0))), nn.Linear(8, 1)]
        return nn.Sequential(*layers)

    def samples(self) -> Dataset[Batch]:
        return Points(self.recipe.seed, self.recipe.samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        time.sleep(float(self.recipe.settings.get("pause", 0)))
        logits = network(batch["x"])[:, 0]
        return nn.functional.binary_cross_entropy_with_logits(logits, batch["y"]), {}

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        logits: Tensor = network(batch["x"])[:, 0]
        return logits

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("x",)

    def validate(self, network: nn.Module) -> dict[str, float]:
        torch.rand(3)  # a validation that draws must not change what training draws
        held = [Points(99, 200)[i] for i in range(200)]
        with torch.no_grad():
            logits = network(torch.stack([item["x"] for item in held]))[:, 0]
        right = (logits > 0).float() == torch.stack([item["y"] for item in held])
        return {"select": float(right.float().mean())}

    def export(self, network: nn.Module, path: Path) -> None:
        torch.save(network.state_dict(), path)  # the loop does not care what a file holds


def recipe(**changes: object) -> Recipe:
    base = Recipe(
        name="toy", task="x:y", samples=1600, batch=16, workers=0, validate_every=400,
        optimiser=Optimiser(rate=0.05, ema=0.9),
    )  # fmt: skip
    return Recipe.model_validate(base.model_dump() | changes)


def whole(pause: float = 0.0) -> Recipe:
    """Everything that a resumed run has to put back: dropout, norms, momentum, workers."""
    settings = {"dropout": 0.2, "norm": True, "pause": pause}
    return recipe(workers=1, settings=settings)


def weights(folder: Path) -> dict[str, Tensor]:
    kept = torch.load(folder / "last.pt", weights_only=True)
    flat = {f"network {name}": value for name, value in kept["network"].items()}
    flat |= {f"average {name}": value for name, value in kept["average"].items()}
    for number, state in kept["optimiser"]["state"].items():
        flat |= {f"optimiser {number} {name}": value for name, value in state.items()}
    return flat


if __name__ == "__main__":
    out = Path(sys.argv[1])
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    pause = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    fit(Toy(whole(pause) if pause else recipe(), out), out, processes=processes)
