"""A strategy as a run would hold it, around a small network, without the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from toy import Toy, recipe

from unmask.strategies.base import Strategy, Training
from unmask.train.task import Batch


class Looking(Toy):
    """A task on pictures (``x``: B × 3 × H × W) whose score the network gives."""

    def network(self) -> nn.Module:
        return nn.Identity()

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        given: Tensor = network(batch["x"].float()).reshape(len(batch["x"]), -1).sum(1)
        return given


def begun(kind: type[Strategy[Any]], network: nn.Module, out: Path, **settings: Any) -> Any:
    """The strategy at the beginning of a run of 100 steps."""
    one = kind(kind.settings_type.model_validate(settings))
    task = Looking(recipe(), out)
    one.begin(Training(task, network, out, torch.device("cpu"), steps=100, processes=1))
    return one
