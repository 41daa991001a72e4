"""The Haar wavelet in two dimensions, one level (Mallat 1989, section III)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def haar(planes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Planes (..., H, W) to four of half the size: coarse, and what changes down, across, both.

    The transform is orthonormal. H and W are even.
    """
    upper, lower = planes[..., ::2, :], planes[..., 1::2, :]
    added, taken = (upper + lower) / 2, (upper - lower) / 2
    left, right = added[..., ::2], added[..., 1::2]
    above, beside = taken[..., ::2], taken[..., 1::2]
    return left + right, above + beside, left - right, above - beside


def unhaar(coarse: Tensor, down: Tensor, across: Tensor, both: Tensor) -> Tensor:
    """The planes again: the exact inverse of ``haar``."""
    shape = coarse.shape[:-2]
    height, width = coarse.shape[-2:]
    cells = torch.stack(
        [
            coarse + down + across + both,
            coarse + down - across - both,
            coarse - down + across - both,
            coarse - down - across + both,
        ],
        dim=-3,
    )
    flat = cells.reshape(-1, 4, height, width) / 2
    return F.pixel_shuffle(flat, 2).reshape(*shape, 2 * height, 2 * width)
