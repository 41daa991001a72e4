"""Gradient reversal: what comes after learns to tell, what comes before learns that it cannot.

Ganin and Lempitsky 2015, "Unsupervised Domain Adaptation by Backpropagation", section 3.1.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * grad[0], None


def reversed_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """``x`` as it is; its gradient comes back times -``strength``."""
    result: Tensor = _Reversed.apply(x, strength)
    return result


def growing_strength(done: float, gamma: float = 10.0) -> float:
    """The paper's strength after a share ``done`` of the training (0…1), from 0 to nearly 1."""
    return 2 / (1 + math.exp(-gamma * done)) - 1


class GradientReversal(nn.Module):
    """The same as a layer. Nothing remains of it in an exported graph."""

    def __init__(self, strength: float = 1.0) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, x: Tensor) -> Tensor:
        """``x``; the gradient is turned where there is one."""
        return reversed_gradient(x, self.strength) if torch.is_grad_enabled() else x
