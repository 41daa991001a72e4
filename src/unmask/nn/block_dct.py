"""The cosine transform of 8 × 8 blocks, as JPEG has it (ISO/IEC 10918-1, A.3.3 and figure A.6)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 8


def cosines(size: int = BLOCK) -> Tensor:
    """The orthonormal transform (DCT-II) of ``size`` values: frequencies × places, double."""
    place = torch.arange(size, dtype=torch.float64)
    basis = torch.cos(math.pi * (2 * place[None] + 1) * place[:, None] / (2 * size))
    basis = basis * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis


def zigzag(size: int = BLOCK) -> list[tuple[int, int]]:
    """Frequencies (down, across) in the order in which JPEG writes them."""
    every = [(v, u) for v in range(size) for u in range(size)]
    return sorted(every, key=lambda p: (sum(p), p[0] if sum(p) % 2 else p[1]))


class BlockDCT(nn.Module):
    """Planes (B, C, H, W) to coefficients (B, C × 64, H / 8, W / 8), those of a plane in zigzag.

    H and W are multiples of 8, and the blocks start at the upper left pixel. It has no weights.
    """

    kernels: Tensor

    def __init__(self) -> None:
        super().__init__()
        basis = cosines()
        stacked = torch.stack([torch.outer(basis[v], basis[u]) for v, u in zigzag()])
        self.register_buffer("kernels", stacked[:, None].float(), persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """The transform of each block."""
        channels = planes.shape[1]
        repeated = self.kernels.repeat(channels, 1, 1, 1).to(planes.dtype)
        return F.conv2d(planes, repeated, stride=BLOCK, groups=channels)

    def inverse(self, coefficients: Tensor) -> Tensor:
        """The planes again."""
        channels = coefficients.shape[1] // BLOCK**2
        repeated = self.kernels.repeat(channels, 1, 1, 1).to(coefficients.dtype)
        return F.conv_transpose2d(coefficients, repeated, stride=BLOCK, groups=channels)
