"""Radian weight modification: a new task turns the last layer as far as its classes are new.

For a sequence of tasks without their samples: a projector learns which directions of the features
the tasks before have used. What the gradient of the last layer has across them passes, what it has
along them passes by an angle: voices of real people are alike in all tasks (their gradient may go
along), forgeries differ from task to task (theirs goes across). The projector is written to
``rwm.pt`` at the end of a run, and the run of the next task names it in ``memory``.

Built from the paper's mathematics. The authors' plug-in is written for pictures of eleven classes
and 2,048 features; what lies along is there the rest of a projection on all of an invertible
matrix, which is nothing but rounding, and both directions are brought to one length. Here along is
what across is not, and lengths stay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from unmask.errors import DataError
from unmask.strategies._features import Features
from unmask.strategies.base import Compute, Settings, Strategy, Training, needed
from unmask.train.checkpoint import load, save
from unmask.train.task import Batch

CITATION = (
    "Zhang, Yi, Wang, Zhang, Zeng, Tao: What to Remember: Self-Adaptive Continual Learning for "
    "Audio Deepfake Detection. AAAI 2024"
)
URL = "https://arxiv.org/abs/2312.09651"
FILE = "rwm.pt"


class Radians(Settings):
    """``memory``: the ``rwm.pt`` of the run before; empty for the first task.

    ``alpha``: what the projector forgets less by, the larger it is. ``compact``: whether real
    voices count as compact, and forged ones as spread; false turns it round.
    """

    memory: str = ""
    alpha: float = Field(default=1.0, gt=0)
    compact: bool = True


class Projector:
    """Directions that inputs of a layer have not used yet: ``across`` (C, C), symmetric.

    It begins as the identity, and each mean input takes its direction out (recursive least squares:
    Zeng et al. 2019, "Continual learning of context-dependent processing in neural networks").
    """

    def __init__(self, size: int, device: torch.device) -> None:
        self.across = torch.eye(size, device=device)

    def take_out(self, mean: Tensor, alpha: float) -> None:
        """Learn the direction of a batch's mean input (C)."""
        k = self.across @ mean
        self.across = self.across - torch.outer(k, k) / (alpha + torch.dot(mean, k))

    def turned(self, gradient: Tensor, beta: float) -> Tensor:
        """A gradient (K, C): what lies across, and ``beta`` times what lies along."""
        along = torch.eye(len(self.across), device=gradient.device) - self.across
        return gradient @ (self.across + beta * along)


def angle(own: Tensor, compact: Tensor) -> Tensor:
    """The angle of a batch, 0 to π/2: 0 goes across alone, π/2 along.

    ``own``: each sample's score of its own class (B); ``compact``: whether that class is alike in
    all tasks. A sample turns by the arc sine of its share of all scores, compact ones along.
    """
    turn = torch.asin(own.softmax(0).clamp(0, 1))
    signed = torch.where(compact, turn, -turn).sum()
    return (math.pi / 4 + signed / 2).clamp(0, math.pi / 2)


class RadianModification(Strategy[Radians]):
    """Turns the gradient of the network's last linear layer from the second task on."""

    settings_type = Radians
    alone = True
    most = 100.0
    """The largest share of a gradient along what was used: the tangent has no end."""

    def begin(self, training: Training) -> None:
        """Take up the projector of the tasks before. Raises DataError when there is none."""
        super().begin(training)
        self._features = Features(training.network)
        layers = [part for part in training.network.modules() if isinstance(part, nn.Linear)]
        self._layer = layers[-1]
        self._projector = Projector(self._features.size, training.device)
        self._later = bool(self.settings.memory)
        self._mean: Tensor | None = None
        self._beta = 1.0
        if self._later:
            path = needed(self.settings.memory, "memory")
            try:
                across = load(path)["across"]
            except (KeyError, TypeError) as error:
                raise DataError(f"{path} is no memory of an earlier run.") from error
            if across.shape != self._projector.across.shape:
                raise DataError(
                    f"{path} is of a layer of {len(across)} features; this network's last linear "
                    f"layer takes {self._features.size}."
                )
            self._projector.across = across.to(training.device)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss as it is; what the batch's angle is, and its mean features."""
        with torch.no_grad():
            scores, features = self._features.of(self.scores, batch)
            real = batch["label"].to(scores) < 0.5
            own = torch.where(real, -scores.float(), scores.float())
            theta = float(angle(own, real if self.settings.compact else ~real))
        self._mean = features.mean(0)
        self._beta = min(math.tan(theta), self.most)
        return loss, {"radians": theta}

    def gradients(self, compute: Compute) -> dict[str, float]:
        """In later tasks the last layer's gradient is turned; the projector learns in all."""
        values = compute()
        self._features.forget()
        if self._mean is not None:
            grad = self._layer.weight.grad
            if self._later and grad is not None:
                self._layer.weight.grad = self._projector.turned(grad.float(), self._beta).to(grad)
            self._projector.take_out(self._mean, self.settings.alpha)
        return values

    def end_task(self) -> None:
        """Write the projector for the next task."""
        save(self.state(), self.training.out / FILE)

    def state(self) -> dict[str, Any]:
        """The projector."""
        return {"across": self._projector.across}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put it back."""
        self._projector.across = state["across"].to(self.training.device)
