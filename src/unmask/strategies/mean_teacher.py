"""Mean teacher: what the network says must agree with its own average over the steps before.

The teacher sees the batch with noise of its own. The weight of the agreement rises over the first
steps as in the paper (section 3: exp(-5 (1 - t)²)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from unmask.strategies.base import Settings, Strategy, Training
from unmask.train.ema import Average
from unmask.train.task import Batch

CITATION = (
    "Tarvainen, Valpola: Mean teachers are better role models: Weight-averaged consistency "
    "targets improve semi-supervised deep learning results. NeurIPS 2017"
)
URL = "https://arxiv.org/abs/1703.01780"


class Teaching(Settings):
    """``decay`` of the average; ``weight`` of the agreement; ``rise``: share of the run until then.

    ``noise``: standard deviation of what is laid over the teacher's inputs, in that of the inputs.
    """

    decay: float = Field(default=0.999, gt=0, lt=1)
    weight: float = Field(default=1.0, ge=0)
    rise: float = Field(default=0.1, ge=0, le=1)
    noise: float = Field(default=0.1, ge=0)


class MeanTeacher(Strategy[Teaching]):
    """Adds the squared difference of both networks' probabilities."""

    settings_type = Teaching

    def begin(self, training: Training) -> None:
        """The teacher starts as the network does."""
        super().begin(training)
        self.teacher = Average(training.network, self.settings.decay)
        self._weight = 0.0

    def before_step(self, step: int) -> None:
        """How much the agreement counts at this step."""
        rise = self.settings.rise * self.training.steps
        along = min(1.0, step / rise) if rise else 1.0
        self._weight = self.settings.weight * math.exp(-5 * (1 - along) ** 2)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and what the disagreement adds to it."""
        with torch.no_grad():
            seen = {name: self._noisy(batch[name]) for name in self.training.task.inputs}
            wanted = self.scores({**batch, **seen}, self.teacher.network).sigmoid()
        apart = (self.scores(batch).sigmoid() - wanted).square().mean()
        return loss + self._weight * apart, {"apart": float(apart.detach())}

    def _noisy(self, value: Tensor) -> Tensor:
        if value.dtype != torch.uint8 and not value.is_floating_point():
            return value
        plain = value.float()
        return plain + self.settings.noise * plain.std() * torch.randn_like(plain)

    def after_step(self) -> None:
        """The teacher follows."""
        self.teacher.update(self.training.network)

    def state(self) -> dict[str, Any]:
        """The teacher's weights."""
        return {"teacher": self.teacher.network.state_dict(), "updates": self.teacher.updates}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self.teacher.network.load_state_dict(state["teacher"])
        self.teacher.updates = int(state["updates"])
