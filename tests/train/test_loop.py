"""The loop on a toy task: it learns, keeps the best, and resumes to the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.errors import DataError
from unmask.train.loop import Average, fit
from unmask.train.recipe import Optimiser, Recipe, read_recipe
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
    def network(self) -> nn.Module:
        torch.manual_seed(self.recipe.seed)
        return nn.Linear(3, 1)

    def samples(self) -> Dataset[Batch]:
        return Points(self.recipe.seed, self.recipe.samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        logits = network(batch["x"])[:, 0]
        return nn.functional.binary_cross_entropy_with_logits(logits, batch["y"]), {}

    def validate(self, network: nn.Module) -> dict[str, float]:
        held = [Points(99, 200)[i] for i in range(200)]
        with torch.no_grad():
            logits = network(torch.stack([item["x"] for item in held]))[:, 0]
        right = (logits > 0).float() == torch.stack([item["y"] for item in held])
        return {"select": float(right.float().mean())}

    def export(self, network: nn.Module, path: Path) -> None:
        torch.onnx.export(
            network, (torch.zeros(2, 3),), path, dynamo=True, external_data=False,
            input_names=["x"], output_names=["logit"], verbose=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )  # fmt: skip


def recipe(**changes: object) -> Recipe:
    base = Recipe(
        name="toy", task="x:y", evaluation="x:y", samples=1600, batch=16, workers=0,
        validate_every=400, optimiser=Optimiser(rate=0.05, ema=0.9),
    )  # fmt: skip
    return base.model_copy(update=changes)


def weights(folder: Path) -> dict[str, Tensor]:
    return torch.load(folder / "last.pt", weights_only=True)["network"]


def test_it_learns_logs_and_exports_what_it_kept(tmp_path: Path) -> None:
    result = fit(Toy(recipe(), tmp_path), tmp_path / "run")
    assert result.best["select"] > 0.9
    assert result.samples == 1600
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["samples"] for line in log] == [400, 800, 1200, 1600]
    assert result.best["select"] == max(line["select"] for line in log)
    x = np.eye(3, dtype=np.float32)
    given = ort.InferenceSession(result.onnx).run(None, {"x": x})[0]
    best = torch.load(tmp_path / "run" / "best.pt", weights_only=True)
    wanted = x @ best["weight"].numpy().T + best["bias"].numpy()
    np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_the_last_weights_can_be_kept_instead(tmp_path: Path) -> None:
    result = fit(Toy(recipe(keep="last"), tmp_path), tmp_path / "run")
    x = np.eye(3, dtype=np.float32)
    given = ort.InferenceSession(result.onnx).run(None, {"x": x})[0]
    last = torch.load(tmp_path / "run" / "last.pt", weights_only=True)["average"]
    wanted = x @ last["weight"].numpy().T + last["bias"].numpy()
    np.testing.assert_allclose(given, wanted, atol=1e-5)


class Interrupted(Exception):
    pass


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    fit(Toy(recipe(), tmp_path), tmp_path / "whole")

    def stop(done: int, of: int, log: dict[str, float]) -> None:
        if done == 1008:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(Toy(recipe(), tmp_path), tmp_path / "parts", stop)
    fit(Toy(recipe(), tmp_path), tmp_path / "parts")
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, weights(tmp_path / "parts")[name])


def test_the_average_follows_and_lags() -> None:
    network = nn.Linear(1, 1)
    average = Average(network, 0.9)
    before = average.network.weight.item()
    with torch.no_grad():
        network.weight += 1
    for _ in range(200):
        average.update(network)
    assert before < average.network.weight.item() <= network.weight.item()
    assert average.network.weight.item() == pytest.approx(network.weight.item(), abs=1e-3)


def test_a_malformed_recipe_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\nsampels = 3\n')
    with pytest.raises(DataError) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    assert "sampels" in str(caught.value)
