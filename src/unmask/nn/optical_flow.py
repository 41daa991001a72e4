"""Optical flow inside a network's graph: Lucas and Kanade 1981, from coarse to fine.

Every place moves so that a window around it looks the same in the next frame (Bouguet 2001 for the
pyramid). No weights; it goes into an exported file with the network that reads it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_WEIGHTS = (0.299, 0.587, 0.114)
_LEAST = 1e-4
"""Held against texture (squares of grey 0…1 a pixel): where there is less, nothing moves."""


def grey(frames: Tensor) -> Tensor:
    """Frames (N, 3, H, W), 0…255, as (N, 1, H, W), 0…1."""
    weights = torch.tensor(_WEIGHTS, dtype=frames.dtype, device=frames.device).view(1, 3, 1, 1)
    return (frames * weights).sum(1, keepdim=True) / 255


def flow(
    first: Tensor, second: Tensor, levels: int = 3, rounds: int = 3, window: int = 9
) -> Tensor:
    """How far each place of ``first`` has moved in ``second`` (N, 2, H, W): right and down, pixels.

    Both are grey (N, 1, H, W), 0…1; sides divide by 2 ** (``levels`` - 1). ``rounds`` of matching
    a level, over windows of ``window`` pixels.
    """
    pyramid = [(first, second)]
    for _ in range(levels - 1):
        pyramid.append((F.avg_pool2d(pyramid[-1][0], 2), F.avg_pool2d(pyramid[-1][1], 2)))
    coarse = pyramid[-1][0]
    moved = torch.cat([torch.zeros_like(coarse), torch.zeros_like(coarse)], 1)
    for level, (one, two) in enumerate(reversed(pyramid)):
        if level:
            moved = F.interpolate(moved, scale_factor=2.0, mode="bilinear") * 2
        for _ in range(rounds):
            # A window has one move: without the mean the rounds would sharpen their own noise.
            moved = _mean(moved + _step(one, warped(two, moved), window), window)
    return moved


def warped(picture: Tensor, moved: Tensor) -> Tensor:
    """``picture`` (N, C, H, W) taken at each place + ``moved`` (N, 2, H, W); beyond it, its rim."""
    height, width = picture.shape[-2:]
    x = torch.arange(width, dtype=moved.dtype, device=moved.device).view(1, 1, width)
    y = torch.arange(height, dtype=moved.dtype, device=moved.device).view(1, height, 1)
    across = (x + moved[:, 0] + 0.5) * (2 / width) - 1
    down = (y + moved[:, 1] + 0.5) * (2 / height) - 1
    grid = torch.stack([across, down], -1)
    return F.grid_sample(picture, grid, "bilinear", "border", align_corners=False)


def _mean(values: Tensor, window: int) -> Tensor:
    """Over the window around each place."""
    return F.avg_pool2d(values, window, 1, window // 2, count_include_pad=False)


def _step(one: Tensor, two: Tensor, window: int) -> Tensor:
    """The move that brings ``two`` nearest to ``one``, by least squares in each window."""
    mean = F.pad((one + two) / 2, (1, 1, 1, 1), mode="replicate")
    across = (mean[..., 1:-1, 2:] - mean[..., 1:-1, :-2]) / 2
    down = (mean[..., 2:, 1:-1] - mean[..., :-2, 1:-1]) / 2
    change = two - one
    products = torch.cat(
        [across * across, across * down, down * down, across * change, down * change], 1
    )
    xx, xy, yy, xt, yt = _mean(products, window).chunk(5, 1)
    xx, yy = xx + _LEAST, yy + _LEAST
    whole = xx * yy - xy * xy
    step: Tensor = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], 1) / whole
    return step
