"""Fairness without knowing groups: only the worst share of a batch is learnt from (DAG-FDD).

The conditional value at risk of the losses of the samples, in closed form, takes the place of the
method's own loss.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from unmask.nn.cvar import worst_share
from unmask.strategies.base import Settings, Strategy
from unmask.train.task import Batch

CITATION = "Ju, Hu, Jia, Chen, Lyu: Improving Fairness in Deepfake Detection. WACV 2024"
URL = "https://arxiv.org/abs/2306.16635"


class Worst(Settings):
    """``alpha``: the share of a batch that counts."""

    alpha: float = Field(default=0.5, gt=0, le=1)


class WithoutGroups(Strategy[Worst]):
    """The mean over the worst share of each batch."""

    settings_type = Worst

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The risk, instead of the method's loss."""
        return worst_share(losses(self.scores(batch), batch), self.settings.alpha), {}


def losses(scores: Tensor, batch: Batch) -> Tensor:
    """Binary cross-entropy of each sample."""
    return F.binary_cross_entropy_with_logits(
        scores.float(), batch["label"].float(), reduction="none"
    )
