"""Experience replay: a small memory of earlier samples is trained on beside the new ones.

For a sequence of tasks: the memory is written to ``replay.pt`` at the end of a run, and the run of
the next task names it in ``memory``. Which samples are kept is drawn by reservoir sampling, so that
each sample that was ever seen has the same chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import DataError, ModelError
from unmask.strategies.base import Settings, Strategy, Training, needed
from unmask.train.checkpoint import load, save
from unmask.train.task import Batch

CITATION = (
    "Chaudhry, Rohrbach, Elhoseiny, Ajanthan, Dokania, Torr, Ranzato: On Tiny Episodic Memories "
    "in Continual Learning. arXiv 2019"
)
URL = "https://arxiv.org/abs/1902.10486"
FILE = "replay.pt"


class Memory(Settings):
    """``size``: samples that are kept; ``share``: replayed ones for each new one in a batch.

    ``memory``: the ``replay.pt`` of the run before; empty for the first task.
    """

    size: int = Field(default=200, ge=1)
    share: float = Field(default=1.0, gt=0)
    memory: str = ""


class Replay(Strategy[Memory]):
    """Batches of new and remembered samples. ``index`` of a remembered one is -1."""

    settings_type = Memory
    alone = True

    def begin(self, training: Training) -> None:
        """Take up the memory of the tasks before. Raises DataError when there is none."""
        super().begin(training)
        self._kept: dict[str, Tensor] = {}
        self._seen = 0
        if self.settings.memory:
            path = needed(self.settings.memory, "memory")
            try:
                self.restore(load(path))
            except (KeyError, TypeError) as error:
                raise DataError(f"{path} is no memory of an earlier run.") from error

    def batch(self, batch: Batch) -> Batch:
        """The batch and what is drawn from the memory, which then may take up new samples."""
        drawn = self._draw(round(self.settings.share * len(batch["label"])), batch)
        for place in range(len(batch["label"])):
            self._offer({name: value[place : place + 1] for name, value in batch.items()})
        return {name: torch.cat([value, drawn[name]]) if drawn else value
                for name, value in batch.items()}  # fmt: skip

    def _draw(self, number: int, batch: Batch) -> Batch:
        if not self._kept:
            return {}
        there = len(next(iter(self._kept.values())))
        chosen = torch.randperm(there)[:number]
        try:
            drawn = {name: self._kept[name][chosen].to(value) for name, value in batch.items()}
        except KeyError as error:
            raise ModelError(f"The memory lacks {error.args[0]!r}, which samples have.") from None
        for name, value in drawn.items():
            if value.shape[1:] != batch[name].shape[1:]:
                raise ModelError(
                    f"The memory holds {name!r} of {tuple(value.shape[1:])}, and the task gives "
                    f"{tuple(batch[name].shape[1:])}: replay needs samples of one size."
                )
        if "index" in drawn:
            drawn["index"] = torch.full_like(drawn["index"], -1)
        return drawn

    def _offer(self, sample: Batch) -> None:
        """Reservoir sampling (Vitter 1985, algorithm R)."""
        held = len(self._kept["label"]) if self._kept else 0
        place = int(torch.randint(self._seen + 1, ())) if held >= self.settings.size else held
        self._seen += 1
        own = {name: value.detach().cpu().clone() for name, value in sample.items()}
        if place == held and held < self.settings.size:
            self._kept = {
                name: torch.cat([self._kept[name], value]) if held else value
                for name, value in own.items()
            }
        elif place < held:
            for name, value in own.items():
                self._kept[name][place] = value[0]

    def end_task(self) -> None:
        """Write the memory for the next task."""
        save(self.state(), self.training.out / FILE)

    def state(self) -> dict[str, Any]:
        """The samples, and how many were ever seen."""
        return {"kept": dict(self._kept), "seen": self._seen}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self._kept, self._seen = dict(state["kept"]), int(state["seen"])
