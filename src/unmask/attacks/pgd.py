"""Projected gradient descent: many small steps from a random start, kept within the budget."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from unmask.attacks.base import Attack, Settings, Target, towards, within

CITATION = (
    "Madry, Makelov, Schmidt, Tsipras, Vladu: Towards Deep Learning Models Resistant to "
    "Adversarial Attacks. ICLR 2018"
)
URL = "https://arxiv.org/abs/1706.06083"


class Steps(Settings):
    """``steps``, each of ``reach`` × budget / steps, so that they can cross the whole of it."""

    steps: int = Field(default=10, ge=1)
    reach: float = Field(default=2.5, gt=0)


class ProjectedGradient(Attack[Steps]):
    """The usual measure of a detector's worst case under small changes (L∞)."""

    access = "gradient"
    settings_type = Steps

    def change(self, target: Target, label: int, size: float) -> Tensor:
        """Where the steps end."""
        start = (2 * torch.rand_like(target.media) - 1) * size
        media = within(target, target.media + start, size)
        step = towards(label) * self.settings.reach * size / self.settings.steps
        for _ in range(self.settings.steps):
            asked = media.detach().requires_grad_()
            (slope,) = torch.autograd.grad(target.score(asked).sum(), asked)
            media = within(target, asked.detach() + step * slope.sign(), size)
        return media
