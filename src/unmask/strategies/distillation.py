"""Knowledge distillation: the network learns what trained teachers say, beside the labels.

Teachers are checkpoints of the same method. With several, their mean probability is learnt. The
soft part is multiplied by T², so that its gradients keep their size (section 2 of the paper).
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from unmask.strategies.base import Settings, Strategy, Training, needed
from unmask.train.task import Batch

CITATION = "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network. arXiv 2015"
URL = "https://arxiv.org/abs/1503.02531"


class Teachers(Settings):
    """``teachers``: paths of checkpoints; ``alpha``: share of the soft part; ``temperature``: T."""

    teachers: tuple[str, ...] = Field(min_length=1)
    alpha: float = Field(default=0.9, ge=0, le=1)
    temperature: float = Field(default=4.0, gt=0)


class Distillation(Strategy[Teachers]):
    """(1 - alpha) × the method's loss + alpha × T² × cross-entropy to the softened teachers."""

    settings_type = Teachers

    def begin(self, training: Training) -> None:
        """Read the teachers. Raises DataError and ModelError when one does not fit."""
        super().begin(training)
        read = training.task.from_checkpoint
        self._teachers = [
            read(needed(path, "teacher")).eval().requires_grad_(False).to(training.device)
            for path in self.settings.teachers
        ]

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Both parts."""
        heat, alpha = self.settings.temperature, self.settings.alpha
        with torch.no_grad():
            said = [(self.scores(batch, one) / heat).sigmoid() for one in self._teachers]
            wanted = torch.stack(said).mean(0)
        given = self.scores(batch) / heat
        soft = heat**2 * F.binary_cross_entropy_with_logits(given.float(), wanted.float())
        return (1 - alpha) * loss + alpha * soft, {"soft": float(soft.detach())}
