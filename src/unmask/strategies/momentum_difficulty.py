"""Momentum difficulty: items that stay hard over the run count more, and single bad luck does not.

Each training item has a running mean of its loss. A batch is weighed by it: exp(difficulty / heat),
brought to a mean of 1 and capped, so that wrong labels, which stay hard for ever, cannot take over.
After the paper, which is read in its abstract alone: the exact formula is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import DataError
from unmask.strategies.base import Settings, Strategy, Training
from unmask.strategies.fair_dag import losses
from unmask.train.methods import MethodTask
from unmask.train.task import Batch

CITATION = "Bhattacharyya, Wang, Zhang, Kim, Zhu: Diffusion Deepfake. arXiv 2404.01579, 2024"
URL = "https://arxiv.org/abs/2404.01579"


class Difficulty(Settings):
    """``decay`` of the running mean; ``heat``: the lower, the more hard items count; ``most``: the
    weight of no item is higher than that."""

    decay: float = Field(default=0.9, ge=0, lt=1)
    heat: float = Field(default=1.0, gt=0)
    most: float = Field(default=3.0, ge=1)


class MomentumDifficulty(Strategy[Difficulty]):
    """Cross-entropy of the score, weighed by what is known of each item, instead of the loss."""

    settings_type = Difficulty
    alone = True

    def begin(self, training: Training) -> None:
        """Nothing is known of any item. Raises DataError for a task without items."""
        super().begin(training)
        task = training.task
        if not isinstance(task, MethodTask):
            raise DataError("momentum-difficulty needs a method that trains on a manifest.")
        count = sum(item.split == "train" for item in task.manifest)
        self.table = torch.full((count,), float("nan"))

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The weighed loss. Raises DataError when samples do not say which item they show."""
        if "index" not in batch:
            raise DataError("momentum-difficulty needs samples that say which item they show.")
        each = losses(self.scores(batch), batch)
        weights = self.weights(batch["index"].cpu(), each.detach().float().cpu())
        hardest = float(weights.max())
        return (weights.to(each) * each).mean(), {"hardest": hardest}

    def weights(self, places: Tensor, values: Tensor) -> Tensor:
        """Weights of items with a mean of at most 1, after their new losses were learnt.

        A sample of no item (-1) is as hard as it is now.
        """
        own = self.settings
        known = places >= 0
        rows = places[known]
        before = self.table[rows]
        now = values[known]
        mean = torch.where(before.isnan(), now, own.decay * before + (1 - own.decay) * now)
        self.table[rows] = mean
        hard = values.clone()
        hard[known] = mean
        raised = ((hard - hard.max()) / own.heat).exp()
        return (raised / raised.mean()).clamp(max=own.most)

    def state(self) -> dict[str, Any]:
        """What is known of each item."""
        return {"table": self.table}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Know it again."""
        self.table.copy_(state["table"])
