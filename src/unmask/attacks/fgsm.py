"""Fast gradient sign method: one step of the whole budget along the sign of the gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from unmask.attacks.base import Attack, Settings, Target, towards, within

CITATION = "Goodfellow, Shlens, Szegedy: Explaining and Harnessing Adversarial Examples. ICLR 2015"
URL = "https://arxiv.org/abs/1412.6572"


class FastSign(Attack[Settings]):
    """The cheapest attack; a detector that withstands it may still fall to others."""

    access = "gradient"

    def change(self, target: Target, label: int, size: float) -> Tensor:
        """One step."""
        asked = target.media.clone().requires_grad_()
        (slope,) = torch.autograd.grad(target.score(asked).sum(), asked)
        return within(target, target.media + towards(label) * size * slope.sign(), size)
