"""Neighbouring-pixel relationships: what enlarging leaves between pixels that come of one.

Tan, Zhao, Wei, Gu, Liu and Wei 2024, "Rethinking the Up-Sampling Operations in CNN-based Generative
Network for Generalizable Deepfake Detection", section 3.2.
"""

from __future__ import annotations

from torch import Tensor


def relationships(picture: Tensor, side: int = 2) -> Tensor:
    """Each pixel less the upper left one of its block of ``side`` × ``side``.

    Pictures (..., H, W); rows and columns that fill no block are cut.
    """
    height, width = (size // side * side for size in picture.shape[-2:])
    whole = picture[..., :height, :width]
    first = whole[..., ::side, ::side]
    return whole - first.repeat_interleave(side, -2).repeat_interleave(side, -1)
