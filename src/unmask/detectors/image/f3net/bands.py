"""A picture as bands of its frequencies whose filters learn (Qian et al. 2020, section 3.1)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WIDEST = 2.82
"""The lowest band ends where column and row of the transform add up to this part of the side."""


def cosines(side: int) -> Tensor:
    """The orthonormal cosine transform of ``side`` values, side × side: a frequency a row."""
    place = torch.arange(side, dtype=torch.float64)
    turned = torch.cos(torch.outer(place, place + 0.5) * math.pi / side)
    turned[0] *= math.sqrt(0.5)
    return (turned * math.sqrt(2 / side)).float()


def passes(side: int) -> Tensor:
    """What the low, the middle, the high and the whole band let through, 4 × side × side.

    Both ends belong to a band, so that neighbours share a diagonal.
    """
    place = torch.arange(side)
    diagonal = place[:, None] + place
    low, half = side // WIDEST, side // 2
    ends = ((0, low), (low, half), (half, 2 * side), (0, 2 * side))
    return torch.stack([((diagonal >= a) & (diagonal <= b)).float() for a, b in ends])


class Bands(nn.Module):
    """Pictures (B, 3, side, side) to four of each, (B, 12, side, side): low, middle, high, all.

    To each fixed filter a learnt one is added, in -1…1 at every frequency.
    """

    transform: Tensor
    fixed: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.register_buffer("transform", cosines(side), persistent=False)
        self.register_buffer("fixed", passes(side), persistent=False)
        self.learnt = nn.Parameter(torch.randn(4, side, side) * 0.1)

    def forward(self, picture: Tensor) -> Tensor:
        """The three channels of a band stand beside each other."""
        back = self.transform.transpose(0, 1)
        spectrum = self.transform @ picture @ back
        filters = self.fixed + torch.tanh(self.learnt / 2)
        shown = [back @ (spectrum * one) @ self.transform for one in filters.unbind()]
        return torch.cat(shown, 1)
