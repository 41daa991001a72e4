"""Identity adversarial training: the features must not tell who is shown.

A linear layer learns to say of each person (``subject`` or ``group`` of the manifest) whether it is
the one, from the features before the network's last layer; on its way back the gradient is turned
round, so that the features unlearn it. After the paper and the authors' code: the loss of each
person is binary, and the layer moves with the network, in the same kind of optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.errors import DataError
from unmask.strategies._features import Features, Reversed
from unmask.strategies.base import Settings, Strategy, Training, unscaled
from unmask.train.methods import MethodTask
from unmask.train.optimisers import beside, follow
from unmask.train.task import Batch

CITATION = (
    "Ning, Salah, Onal Ertugrul: Representation Learning and Identity Adversarial Training for "
    "Facial Behavior Understanding. arXiv 2407.11243, 2024"
)
URL = "https://arxiv.org/abs/2407.11243"


class Reversal(Settings):
    """``strength`` of the turned gradient; ``rate``: learning rate of the classifier (none: that of
    the network at every step)."""

    strength: float = Field(default=2.0, ge=0)
    rate: float | None = Field(default=None, gt=0)


class IdentityAdversarial(Strategy[Reversal]):
    """Adds the binary cross-entropy of naming the person, its gradient against the features."""

    settings_type = Reversal
    alone = True

    def begin(self, training: Training) -> None:
        """Raises DataError when the items to train on show fewer than two people.

        Raises SettingError in 16 bits, whose scaled gradients the classifier does not know.
        """
        super().begin(training)
        unscaled(training, "identity-adversarial")
        task = training.task
        items = task.manifest.select(split="train").items if isinstance(task, MethodTask) else ()
        names = [item.subject or item.group for item in items]
        order = {name: number for number, name in enumerate(sorted(set(names) - {""}))}
        if len(order) < 2:
            raise DataError(
                "identity-adversarial needs a manifest whose items say who is shown (subject or "
                "group), of at least two people."
            )
        self._people = torch.tensor([order.get(name, -1) for name in names])
        self._features = Features(training.network)
        self.head = nn.Linear(self._features.size, len(order)).to(training.device)
        self._optimiser = beside(self.head, training.task.recipe.optimiser)

    def before_step(self, step: int) -> None:
        """The classifier's rate of this step."""
        training, rate = self.training, self.settings.rate
        follow(self._optimiser, training.task.recipe.optimiser, step, training.steps, rate)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and what naming costs. Samples of no item are nobody."""
        if "index" not in batch:
            raise DataError("identity-adversarial needs samples that say which item they show.")
        places = batch["index"].cpu()
        people = torch.where(places >= 0, self._people[places.clamp(min=0)], -1)
        _, features = self._features.of(self.scores, batch)
        known = people >= 0
        if not bool(known.any()):
            return loss, {"named": 0.0}
        turned: Tensor = Reversed.apply(features[known.to(features.device)], self.settings.strength)
        said = self.head(turned)
        truth = people[known].to(said.device)
        named = float((said.argmax(1) == truth).float().mean())
        wanted = F.one_hot(truth, said.shape[1]).to(said)
        return loss + F.binary_cross_entropy_with_logits(said, wanted), {"named": named}

    def after_step(self) -> None:
        """The classifier follows."""
        self._features.forget()
        self._optimiser.step()
        self._optimiser.zero_grad()

    def state(self) -> dict[str, Any]:
        """The classifier and its optimiser."""
        return {"head": self.head.state_dict(), "optimiser": self._optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self.head.load_state_dict(state["head"])
        self._optimiser.load_state_dict(state["optimiser"])
