"""MEAL: the network learns from an ensemble's probabilities alone, and to look like it inside.

The labels are not looked at: the loss is the cross-entropy to the teachers' mean probability. A
discriminator of three layers tells the network's features from a teacher's. In the paper the
network learns to deceive it; the authors' program turns no gradient round, so that both work for
the same loss, and one optimiser leads both at one rate (its option of a rate for the discriminator
is overwritten in every epoch). Usual values are the program's. Its discriminator judges the 1,000
class scores; two numbers would tell it nothing, so that here it judges the features before the last
layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.strategies._features import Features, Reversed
from unmask.strategies.base import Settings, Strategy, Training, needed, unscaled
from unmask.train.optimisers import beside, follow
from unmask.train.task import Batch

CITATION = (
    "Shen, Savvides: MEAL V2: Boosting Vanilla ResNet-50 to 80%+ Top-1 Accuracy on ImageNet "
    "without Tricks. arXiv 2009.08453, 2020"
)
URL = "https://arxiv.org/abs/2009.08453"


class Ensemble(Settings):
    """``teachers``: paths of checkpoints; ``weight`` of the discriminator (0: none), ``against``:
    the network works against it, as the paper tells; ``rate``: its learning rate (none: that of
    the network at every step)."""

    teachers: tuple[str, ...] = Field(min_length=1)
    weight: float = Field(default=1.0, ge=0)
    against: bool = False
    rate: float | None = Field(default=None, gt=0)


class MealDistillation(Strategy[Ensemble]):
    """Instead of the method's loss: what the teachers say, and features that look like theirs."""

    settings_type = Ensemble
    alone = True

    def begin(self, training: Training) -> None:
        """Read the teachers.

        Raises DataError and ModelError when one does not fit, SettingError in 16 bits, whose scaled
        gradients the discriminator does not know.
        """
        super().begin(training)
        unscaled(training, "MEAL distillation")
        read = training.task.from_checkpoint
        self._teachers = [
            read(needed(path, "teacher")).eval().requires_grad_(False).to(training.device)
            for path in self.settings.teachers
        ]
        self._own = Features(training.network)
        self._theirs = [Features(one) for one in self._teachers]
        self.discriminator = discriminator(self._own.size).to(training.device)
        self._optimiser = beside(self.discriminator, training.task.recipe.optimiser)

    def before_step(self, step: int) -> None:
        """The discriminator's rate of this step."""
        training, rate = self.training, self.settings.rate
        follow(self._optimiser, training.task.recipe.optimiser, step, training.steps, rate)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Both parts; the method's own is left out."""
        with torch.no_grad():
            seen = [
                watched.of(lambda given, one=one: self.scores(given, one), batch)
                for one, watched in zip(self._teachers, self._theirs, strict=True)
            ]
            wanted = torch.stack([score.float().sigmoid() for score, _ in seen]).mean(0)
        score, features = self._own.of(self.scores, batch)
        soft = F.binary_cross_entropy_with_logits(score.float(), wanted)
        if not self.settings.weight:
            return soft, {"soft": float(soft.detach())}
        mine: Tensor = Reversed.apply(features, 1.0) if self.settings.against else features
        told = self.told(mine, torch.stack([theirs for _, theirs in seen]).mean(0))
        return soft + self.settings.weight * told, {
            "soft": float(soft.detach()), "told": float(told.detach()),
        }  # fmt: skip

    def told(self, mine: Tensor, theirs: Tensor) -> Tensor:
        """How badly the discriminator tells both apart: [1, 0] is the network, [0, 1] a teacher."""
        said = self.discriminator(torch.cat([mine, theirs]))
        truth = torch.zeros_like(said)
        truth[: len(mine), 0] = 1
        truth[len(mine) :, 1] = 1
        return F.binary_cross_entropy_with_logits(said, truth)

    def after_step(self) -> None:
        """The discriminator follows."""
        self._own.forget()
        self._optimiser.step()
        self._optimiser.zero_grad()

    def state(self) -> dict[str, Any]:
        """The discriminator and its optimiser."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self.discriminator.load_state_dict(state["discriminator"])
        self._optimiser.load_state_dict(state["optimiser"])


def discriminator(size: int) -> nn.Module:
    """Three layers, each an eighth as wide as the one before, with ReLU behind the last as well."""
    first = max(1, size // 8)
    second = max(1, first // 8)
    return nn.Sequential(
        nn.Linear(size, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(),
        nn.Linear(second, 2), nn.ReLU(),
    )  # fmt: skip
