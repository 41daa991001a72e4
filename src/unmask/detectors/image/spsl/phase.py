"""A picture drawn from the phase of its spectrum alone (Liu et al. 2021, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Phase(nn.Module):
    """Pictures (B, C, side, side) to (B, 1, side, side), with every amplitude one.

    The transform is done by two matrices, since exported graphs have no complex numbers. A
    frequency that is not there at all keeps the phase 0. No gradient goes back to the picture.
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        place = torch.arange(side, dtype=torch.float64)
        turn = torch.outer(place, place).remainder(side) * (2 * math.pi / side)
        self.register_buffer("cosine", turn.cos().float(), persistent=False)
        self.register_buffer("sine", turn.sin().float(), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Values about 0, whose squares add up to one."""
        grey = picture.detach().mean(1, keepdim=True)
        real, imaginary = self._both(grey @ self.cosine, -(grey @ self.sine), -1)
        length = (real.square() + imaginary.square()).sqrt()
        there = length > 0
        real = torch.where(there, real / length.clamp(min=1e-30), 1.0)
        imaginary = torch.where(there, imaginary / length.clamp(min=1e-30), 0.0)
        real, imaginary = self._both(real, imaginary, 1)
        return (real @ self.cosine - imaginary @ self.sine) / self.cosine.numel()

    def _both(self, real: Tensor, imaginary: Tensor, sign: int) -> tuple[Tensor, Tensor]:
        """Columns transformed: forth (-1) or back (1)."""
        return (
            self.cosine @ real - sign * (self.sine @ imaginary),
            self.cosine @ imaginary + sign * (self.sine @ real),
        )
