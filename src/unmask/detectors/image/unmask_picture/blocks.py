"""Traces of earlier JPEG saves, block by block on the grid of the picture's own first pixel.

Two clues that a piece has another history. Where the grid of an earlier save lies (Li, Yuan, Yu
2009: blocking artefacts by phase), and how far apart the levels of a coefficient lie, which are
multiples of the quantiser's step (double quantisation: Lin, He, Tang, Tang 2009). Features are
compared with those of the whole tile, as a local anomaly (Wu, AbdAlmageed, Natarajan 2019, section
3.3).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.media.luma import WEIGHTS

BLOCK = 8
LOW = 19
"""How many of the lowest alternating coefficients are looked at for levels."""
STEPS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0, 12.0, 16.0, 24.0)
"""Quantiser steps whose comb is laid over a coefficient's values."""


def _cosines() -> Tensor:
    """The kernels of the orthonormal 8 × 8 transform, low frequencies first: 64 × 1 × 8 × 8."""
    n = torch.arange(BLOCK, dtype=torch.float64)
    basis = torch.cos(math.pi * (2 * n[None] + 1) * n[:, None] / (2 * BLOCK)) / 2
    basis[0] /= math.sqrt(2)
    order = sorted(
        ((v, u) for v in range(BLOCK) for u in range(BLOCK)), key=lambda p: (p[0] + p[1], p)
    )
    kernels = torch.stack([torch.outer(basis[v], basis[u]) for v, u in order])
    return kernels[:, None].float()


def contrast(x: Tensor) -> Tensor:
    """Each feature as standard deviations from its mean over the tile: B × C × H × W."""
    mean = x.mean((2, 3), keepdim=True)
    spread = ((x - mean) ** 2).mean((2, 3), keepdim=True)
    return (x - mean) / (spread + 0.05).sqrt()


class Blocks(nn.Module):
    """Takes B × 3 × H × W in 0…255, cut on the picture's 8 × 8 grid; gives B × C × H/8 × W/8."""

    def __init__(self, outputs: int = 64, inside: int = 48) -> None:
        super().__init__()
        self.register_buffer("luma", torch.tensor(WEIGHTS).reshape(1, 3, 1, 1))
        self.register_buffer("cosines", _cosines())
        self.register_buffer("rate", 2 * math.pi / torch.tensor(STEPS))
        given = BLOCK * BLOCK + (BLOCK * BLOCK - 1) + LOW * len(STEPS)
        self.mix = nn.Sequential(
            nn.Conv2d(given, inside, 1, bias=False), nn.BatchNorm2d(inside), nn.ReLU()
        )
        self.out = nn.Sequential(
            nn.Conv2d(2 * inside, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Blocking by phase, sizes of coefficients, and combs over the low ones; all near 0…1."""
        grey = F.conv2d(x, self.get_buffer("luma"))
        right = F.pad(grey, (0, 1, 0, 1), mode="replicate")
        corner = right[..., :-1, :-1] - right[..., :-1, 1:] - right[..., 1:, :-1]
        corner = (corner + right[..., 1:, 1:]).abs().clamp(max=12)
        phases = F.pixel_unshuffle(corner, BLOCK)
        phases = (phases / (phases.mean(1, keepdim=True) + 0.5)).clamp(max=4) / 2
        values = F.conv2d(grey, self.get_buffer("cosines"), stride=BLOCK)[:, 1:]
        low = values[:, :LOW, None] * self.get_buffer("rate")[:, None, None]
        found = [phases, (values.abs() + 1).log() / 3, torch.cos(low).flatten(1, 2)]
        return torch.cat([part.contiguous(memory_format=torch.channels_last) for part in found], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Local statistics over 5 × 5 blocks, and how they differ from those of the tile."""
        mixed = self.mix(self.features(x))
        local = F.avg_pool2d(mixed, 5, 1, 2, count_include_pad=False)
        out: Tensor = self.out(torch.cat([local, contrast(local)], 1))
        return out
