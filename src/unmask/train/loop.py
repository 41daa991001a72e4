"""One training loop for every method.

Lightning Fabric does the device, precision and process handling; the loop itself stays visible,
because methods of this field need odd ones (several losses, teachers, pair-wise batches). The
weights that are kept are those whose moving average scores best on *validation* data.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric, seed_everything
from torch import nn
from torch.utils.data import DataLoader

from unmask.datasets.samples import plainly
from unmask.errors import DataError, ModelError
from unmask.strategies._chain import Chain
from unmask.strategies.base import Training
from unmask.train.checkpoint import (
    load,
    save,
    set_randomness,
    untouched_randomness,
)
from unmask.train.curves import Curves
from unmask.train.distributed import all_randomness, average_gradients, make_world, order
from unmask.train.ema import Average
from unmask.train.memory import keep_memory
from unmask.train.optimisers import make_optimiser, rate_share, set_rate
from unmask.train.run_folder import Mode, RunFolder
from unmask.train.task import Batch, Task

Progress = Callable[[int, int, dict[str, float]], None]
"""Called after each step with samples seen, samples in all and the last log values."""
_SAVE_SECONDS = 300.0
_POINTS = 400
"""Points of a training curve between two validations, at most."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a training run came to."""

    onnx: Path
    best: dict[str, float]
    samples: int
    seconds: float
    chosen_by: str = ""


def fit(
    task: Task,
    out: Path,
    progress: Progress | None = None,
    processes: int = 1,
    mode: Mode = "same",
) -> FitResult | None:
    """Train ``task`` by its recipe into the folder ``out`` and export the best weights.

    A run that was stopped goes on from ``out/last.pt`` to the same weights; ``mode`` says what to
    do where ``out`` holds another run. ``out`` also gets ``log.jsonl`` (one line a validation),
    ``curves.parquet`` and ``tensorboard/``. ``processes`` beyond one start this program again;
    under torchrun its processes are used. None is returned in all but the first. Raises DataError
    when the task's data is missing or ``out`` holds another run, ModelError when the loss is no
    number any more.
    """
    run = _Run(task, out, progress, processes, mode)
    run.train()
    return run.export()


class _Run:
    """One run: what moves, and where it stands."""

    def __init__(
        self, task: Task, out: Path, progress: Progress | None, processes: int, mode: Mode
    ) -> None:
        self.task, self.recipe, self.out, self.progress = task, task.recipe, out, progress
        self.fabric: Fabric = make_world(self.recipe, processes)
        self.first = self.fabric.is_global_zero
        folder = self._prepared(mode)
        torch.set_num_threads(self.recipe.threads)
        if self.fabric.device.type == "cpu":
            keep_memory()
        seed_everything(self.recipe.seed, workers=False, verbose=False)
        self.dataset = task.samples()
        self.network = laid_out(task.network()).to(self.fabric.device)
        self.average = Average(self.network, self.recipe.optimiser.ema)
        self.inner = make_optimiser(self.network, self.recipe.optimiser)
        self.optimiser = self.fabric.setup_optimizers(self.inner)
        self.strategies = Chain(self.recipe)
        steps = self.recipe.samples // self.recipe.batch
        self.strategies.begin(
            Training(task, self.network, out, self.fabric.device, steps, self.fabric.world_size)
        )
        seed_everything(self.recipe.seed + self.fabric.global_rank, workers=False, verbose=False)
        self.state: dict[str, Any] = {
            "done": 0, "checked": 0, "best": {}, "stale": 0, "seconds": 0.0, "sums": {}, "points": 0
        }  # fmt: skip
        self._resume(out / "last.pt")
        self.curves = Curves(out, self.state["done"]) if self.first else None
        if self.first:
            folder.write(self.state["done"])
        self.begun = time.monotonic() - self.state["seconds"]
        self.began_at = self.state["done"], time.monotonic()
        self.saved = time.monotonic()
        self.values: dict[str, float] = {}
        self.rate = self.recipe.optimiser.rate

    def _prepared(self, mode: Mode) -> RunFolder:
        """The folder, once every process has agreed that the run may be in it."""
        folder = RunFolder(self.out, self.recipe, self.task.data)
        folder.check(mode)
        self.fabric.barrier()
        if self.first:
            self.out.mkdir(parents=True, exist_ok=True)
            if mode == "fresh":
                folder.clear()
        self.fabric.barrier()
        return folder

    def _resume(self, last: Path) -> None:
        if not last.exists():
            return
        kept = load(last)
        try:
            self.network.load_state_dict(kept["network"])
            self.average.network.load_state_dict(kept["average"])
            self.average.updates = kept["updates"]
            self.inner.load_state_dict(kept["optimiser"])
            self.strategies.restore(kept.get("strategies", {}))
        except (RuntimeError, ValueError, KeyError) as error:
            raise DataError(
                f"{last} is of another run and does not fit the recipe {self.recipe.name!r}. "
                "Choose another folder for --out, or begin anew there with --fresh."
            ) from error
        self.fabric.strategy.precision.load_state_dict(kept.get("precision", {}))
        self.state |= kept["state"]
        everyone = kept.get("randomness", [])
        if len(everyone) == self.fabric.world_size:
            set_randomness(everyone[self.fabric.global_rank])

    def _save(self) -> None:
        """Keep everything in ``last.pt``. Every process takes part."""
        everyone = all_randomness(self.fabric)
        self.saved = time.monotonic()
        self.state["seconds"] = self.saved - self.begun
        if self.first:
            whole = {
                "network": self.network.state_dict(),
                "average": self.average.network.state_dict(),
                "updates": self.average.updates,
                "optimiser": self.inner.state_dict(),
                "strategies": self.strategies.state(),
                "precision": self.fabric.strategy.precision.state_dict(),
                "randomness": everyone,
                "state": self.state,
            }
            save(whole, self.out / "last.pt")

    def train(self) -> None:
        """Step until the samples or the patience are used up."""
        self.network.train()
        batches = self._batches()
        recipe = self.recipe
        steps = recipe.samples // recipe.batch
        for parts in batches:
            if self._tired():
                break
            share = rate_share(recipe.optimiser, self.state["done"] // recipe.batch, steps)
            self.rate = recipe.optimiser.rate * share
            set_rate(self.inner, self.rate)
            self._step(parts)
            self.state["done"] += recipe.batch
            self._note()
            if self.state["done"] - self.state["checked"] >= recipe.validate_every:
                self._check()
            elif self.fabric.world_size == 1 and time.monotonic() - self.saved > _SAVE_SECONDS:
                self._save()
        if self.state["checked"] != self.state["done"] or not self.state["best"]:
            self._check()
        self.strategies.end_task()

    def _tired(self) -> bool:
        return 0 < self.recipe.patience <= int(self.state["stale"])

    def _batches(self) -> Iterator[list[Batch]]:
        """The parts of each step; sample *i* is the same however often the run was resumed."""
        recipe, fabric = self.recipe, self.fabric
        loader: DataLoader[Batch] = DataLoader(
            self.dataset,
            batch_sampler=order(recipe, self.state["done"], fabric.global_rank, fabric.world_size),
            num_workers=recipe.workers,
            prefetch_factor=4 if recipe.workers else None,
            pin_memory=fabric.device.type == "cuda",
            generator=torch.Generator().manual_seed(recipe.seed),  # leaves the global one alone
        )
        parts: list[Batch] = []
        for batch in plainly(loader):
            parts.append(batch)
            if len(parts) == recipe.accumulate:
                yield parts
                parts = []

    def _gradients(self, parts: list[Batch]) -> dict[str, float]:
        """Gradients of the mean loss over the parts and processes; the loss and its parts."""
        sums: dict[str, float] = {}
        for batch in parts:
            with self.fabric.autocast():
                loss, values = self.strategies.loss(self.task, self.network, batch)
            self.fabric.backward(loss / len(parts))
            for name, value in {"loss": float(loss.detach()), **values}.items():
                sums[name] = sums.get(name, 0.0) + value / len(parts)
        average_gradients(self.fabric, self.network)
        self._finite("loss", sums["loss"])
        return sums

    def _finite(self, what: str, value: float) -> None:
        # In 16 bits the first steps may overflow; the scaler skips them and goes lower.
        if not math.isfinite(value) and self.recipe.precision != "16":
            raise ModelError(
                f"The {what} is {value} after {self.state['done']} samples. "
                "Lower the learning rate, or clip the gradient."
            )

    def _step(self, parts: list[Batch]) -> None:
        chosen = self.recipe.optimiser
        self.optimiser.zero_grad(set_to_none=True)
        self.strategies.before_step(self.state["done"] // self.recipe.batch)
        there = [_laid_out(self.fabric.to_device(part)) for part in parts]
        with self.fabric.autocast():
            changed = [self.strategies.batch(batch) for batch in there]
        self.values = self.strategies.gradients(partial(self._gradients, changed))
        if chosen.clip:
            norm = self.fabric.clip_gradients(
                self.network, self.optimiser, max_norm=chosen.clip, error_if_nonfinite=False
            )
            self._finite("length of the gradient", float(norm))
        self.optimiser.step()
        self.average.update(self.network)
        self.strategies.after_step()

    def _note(self) -> None:
        """Say how far the run is, and add a point to the curves now and then."""
        done, sums = self.state["done"], self.state["sums"]
        self.state["points"] += 1
        for name, value in self.values.items():
            sums[name] = sums.get(name, 0.0) + value
        if self.progress and self.first:
            self.progress(done, self.recipe.samples, self.values)
        every = max(1, self.recipe.validate_every // self.recipe.batch // _POINTS)
        if self.curves and (done // self.recipe.batch) % every == 0:
            self.curves.add(done, "train", {**self.values, "rate": self.rate})

    def _check(self) -> None:
        """Validate the averaged weights, keep them if they are the best so far, and save."""
        metrics: dict[str, float] = {}
        if self.first:
            with untouched_randomness():
                metrics = self.task.validate(self.average.network)
        metrics = self.fabric.broadcast(metrics)
        state = self.state
        state["checked"] = state["done"]
        better = not state["best"] or metrics["select"] > state["best"]["select"]
        state["stale"] = 0 if better else state["stale"] + 1
        if better:
            state["best"] = metrics
        if self.curves:
            self._write(metrics, self.curves)
            if better:
                save(self.average.network.state_dict(), self.out / "best.pt")
        state["sums"], state["points"] = {}, 0
        self._save()
        self.network.train()

    def _write(self, metrics: dict[str, float], curves: Curves) -> None:
        state = self.state
        now = time.monotonic()
        since, at = self.began_at
        means = {name: total / state["points"] for name, total in state["sums"].items()}
        curves.add(state["done"], "val", metrics)
        curves.line(
            {
                "samples": state["done"],
                "seconds": round(now - self.begun, 1),
                "per_second": round((state["done"] - since) / max(now - at, 1e-9), 2),
                "rate": self.inner.param_groups[0]["lr"],
                **{f"train_{name}": value for name, value in means.items()},
                **metrics,
            }
        )
        self.began_at = state["done"], now

    def export(self) -> FitResult | None:
        """Write the kept weights as ONNX; in the first process alone."""
        if self.curves is None:
            return None
        self.curves.close()
        final = self.task.network()
        best = load(self.out / "best.pt")
        keep_best = self.recipe.keep == "best"
        final.load_state_dict(best if keep_best else self.average.network.state_dict())
        onnx = self.out / "weights.onnx"
        self.task.export(final.eval(), onnx)
        seconds = time.monotonic() - self.begun
        by = self.task.selects if keep_best else "the end of the run"
        return FitResult(onnx, self.state["best"], self.state["done"], seconds, by)


def laid_out(network: nn.Module) -> nn.Module:
    """The network with the kernels of pictures channels last in memory.

    Convolutions on a processor are up to 1.7 times faster so. ``Module.to`` would refuse the
    kernels of clips, which stay as they are.
    """
    for value in network.parameters():
        if value.ndim == 4:
            value.data = value.data.contiguous(memory_format=torch.channels_last)
    return network


def _laid_out(batch: Batch) -> Batch:
    """Pictures with the channels last in memory; everything else as it is."""
    return {
        name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
        for name, value in batch.items()
    }
