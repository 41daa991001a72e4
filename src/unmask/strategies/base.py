"""What a strategy is: hooks around the steps of a training, and what a run has to keep of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from unmask.errors import DataError, SettingError
from unmask.plugin_files import Settings
from unmask.train.task import Batch, Task

Compute = Callable[[], dict[str, float]]
"""Fills the gradients of a step; gives the loss and its parts."""


__all__ = ["Compute", "Settings", "Strategy", "Training", "needed", "unscaled"]
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Training:
    """The run that is wrapped. ``steps``: how many it has in all; ``processes`` that share it."""

    task: Task
    network: nn.Module
    out: Path
    device: torch.device
    steps: int
    processes: int


class Strategy(Generic[S]):
    """A way of training. Every hook does nothing unless a strategy says otherwise.

    ``settings_type``: what its table ``[strategy.NAME]`` may hold; ``small``: settings under which
    a step takes little time, for tests. ``alone``: it keeps samples, which several processes do not
    share. What is drawn at random comes from torch's global
    generator, which a run keeps; whatever else has to be the same after a stop belongs into
    ``state``.
    """

    settings_type: ClassVar[type[Settings]] = Settings
    small: ClassVar[Mapping[str, Any]] = {}
    alone: ClassVar[bool] = False

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def begin(self, training: Training) -> None:
        """The run is laid out: network on its device, before anything is restored."""
        self.training = training

    def before_step(self, step: int) -> None:
        """A step of the optimiser begins; ``step`` counts from 0."""

    def batch(self, batch: Batch) -> Batch:
        """What is trained on instead of ``batch``. Called once a part and step."""
        return batch

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss to go down instead of ``loss``, and what to write in the log."""
        return loss, {}

    def gradients(self, compute: Compute) -> dict[str, float]:
        """Fill the gradients of the step by ``compute``, once or several times."""
        return compute()

    def after_step(self) -> None:
        """The weights have moved."""

    def end_task(self) -> None:
        """The training is over."""

    def state(self) -> dict[str, Any]:
        """Tensors and plain values that a run needs to go on exactly."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state`` gave. Raises KeyError or RuntimeError when it does not fit."""

    def scores(self, batch: Batch, network: nn.Module | None = None) -> Tensor:
        """Scores of a batch (logits, higher = forged) by the network that is trained, or another.

        Raises ModelError when the task has none.
        """
        return self.training.task.scores(network or self.training.network, batch)


def needed(path: str, what: str) -> Path:
    """A file that a setting names. Raises DataError when it is not there."""
    found = Path(path)
    if not found.is_file():
        raise DataError(f"There is no {what} at {path!r}.")
    return found


def unscaled(training: Training, name: str) -> None:
    """Raises SettingError in 16 bits, whose scaled gradients ``name`` does not know."""
    if training.task.recipe.precision == "16":
        raise SettingError(f"{name} in precision 16 is not supported; use bf16 or 32.")
