"""Fairness between known groups: the groups that are judged worst count most (DAW-FDD).

The conditional value at risk within each group of gender and ethnicity, and over the groups again,
takes the place of the method's own loss. The manifest has to say gender or ethnicity.
"""

from __future__ import annotations

from functools import cached_property

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import DataError
from unmask.nn.cvar import worst_share
from unmask.strategies.base import Settings, Strategy
from unmask.strategies.fair_dag import losses
from unmask.train.methods import MethodTask
from unmask.train.task import Batch

CITATION = "Ju, Hu, Jia, Chen, Lyu: Improving Fairness in Deepfake Detection. WACV 2024"
URL = "https://arxiv.org/abs/2306.16635"


class Shares(Settings):
    """``inner``: the share within a group that counts; ``outer``: the share of the groups."""

    inner: float = Field(default=0.9, gt=0, le=1)
    outer: float = Field(default=0.5, gt=0, le=1)


class BetweenGroups(Strategy[Shares]):
    """The mean over the worst groups of the mean over the worst of each."""

    settings_type = Shares

    @cached_property
    def _groups(self) -> list[int]:
        """The number of each training item's group. Raises DataError when none is known."""
        task = self.training.task
        items = task.manifest.select(split="train").items if isinstance(task, MethodTask) else ()
        names = [(item.gender, item.ethnicity) for item in items]
        if not any(any(name) for name in names):
            raise DataError(
                "fair-daw weighs groups, and no item to train on says gender or ethnicity. "
                "Use fair-dag, or add them to the manifest."
            )
        order = {name: number for number, name in enumerate(sorted(set(names)))}
        return [order[name] for name in names]

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The risk, instead of the method's loss. Samples of no item are one group more."""
        if "index" not in batch:
            raise DataError("fair-daw needs samples that say which item they show ('index').")
        places = batch["index"].tolist()
        groups = torch.tensor([self._groups[place] if place >= 0 else -1 for place in places])
        return self.risk(losses(self.scores(batch), batch), groups), {}

    def risk(self, values: Tensor, groups: Tensor) -> Tensor:
        """The risk over groups of the risk within each that is there."""
        chosen = groups.to(values.device)
        there = sorted(set(groups.tolist()))
        inner = [worst_share(values[chosen == group], self.settings.inner) for group in there]
        return worst_share(torch.stack(inner), self.settings.outer)
