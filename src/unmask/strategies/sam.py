"""Sharpness-aware minimisation: the gradient of the worst place near by is followed.

Any optimiser takes the step. Running statistics of batch normalisation stand still at the place
near by, since the weights there are never used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from pydantic import Field
from torch import nn

from unmask.strategies.base import Compute, Settings, Strategy, Training, unscaled

CITATION = (
    "Foret, Kleiner, Mobahi, Neyshabur: Sharpness-Aware Minimization for Efficiently Improving "
    "Generalization. ICLR 2021"
)
URL = "https://arxiv.org/abs/2010.01412"


class Sharpness(Settings):
    """``rho``: how far off the worst place is looked for, in the length of all weights."""

    rho: float = Field(default=0.05, gt=0)


class SharpnessAware(Strategy[Sharpness]):
    """Two gradients a step: one to climb by, one at the place that was climbed to."""

    settings_type = Sharpness

    def begin(self, training: Training) -> None:
        """Raises SettingError in 16 bits, whose scaled gradients have another length."""
        super().begin(training)
        unscaled(training, "sam")

    def gradients(self, compute: Compute) -> dict[str, float]:
        """The gradient uphill; the loss in the log is that of the weights themselves."""
        values = compute()
        with uphill(self.training.network, self.settings.rho):
            compute()
        return values


@contextmanager
def uphill(network: nn.Module, radius: float) -> Iterator[None]:
    """Weights moved by ``radius`` along the gradient they hold, and moved back at the end.

    Equation 2 of the paper: the gradient found inside is that of the sharpest place near by.
    Gradients are emptied, and running statistics of batch normalisation stand still inside.
    """
    moving = [value for value in network.parameters() if value.grad is not None]
    norms = [value.grad.norm() for value in moving if value.grad is not None]
    length = torch.linalg.vector_norm(torch.stack(norms)) + 1e-12
    before = [value.detach().clone() for value in moving]
    with torch.no_grad():
        for value in moving:
            assert value.grad is not None
            value.add_(value.grad * (radius / length))
            value.grad = None
    norm = [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    tracking = [part.track_running_stats for part in norm]
    kept = [(part.running_mean, part.running_var, part.num_batches_tracked) for part in norm]
    for part in norm:
        if part.training:
            part.track_running_stats = False
            part.running_mean = part.running_var = part.num_batches_tracked = None
    try:
        yield
    finally:
        for part, tracks, (mean, variance, count) in zip(norm, tracking, kept, strict=True):
            part.track_running_stats = tracks
            part.running_mean, part.running_var, part.num_batches_tracked = mean, variance, count
        with torch.no_grad():
            for value, old in zip(moving, before, strict=True):
                value.copy_(old)
