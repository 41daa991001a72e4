"""Optical flow inside a network's graph: Lucas and Kanade 1981, from coarse to fine.

Every place moves so that a window around it looks the same in the next frame (Bouguet 2001 for the
pyramid). No weights; it goes into an exported file with the network that reads it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_WEIGHTS = (0.299, 0.587, 0.114)
_LEAST = 1e-4
"""Held against texture (squares of grey 0…1 a pixel): where there is less, nothing moves."""


def grey(frames: Tensor) -> Tensor:
    """Frames (N, 3, H, W), 0…255, as (N, 1, H, W), 0…1."""
    weights = torch.tensor(_WEIGHTS, dtype=frames.dtype, device=frames.device).view(1, 3, 1, 1)
    with _exact(frames):
        return F.conv2d(frames, weights / 255)


def _exact(like: Tensor) -> AbstractContextManager[Any]:
    """Convolutions in the precision of what they are given, under mixed precision as well."""
    device = like.device.type
    mixed = torch.is_autocast_enabled(device)
    return torch.autocast(device, enabled=False) if mixed else nullcontext()


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
    # A window has one move: without the mean the rounds would sharpen their own noise.
    moved = _mean(_step(*pyramid[-1], window), window)
    for level, (one, two) in enumerate(reversed(pyramid)):
        if level:
            moved = F.interpolate(moved, scale_factor=2.0, mode="bilinear") * 2
        grid = _places(two)
        for _ in range(rounds if level else rounds - 1):  # the first was before
            moved = _mean(moved + _step(one, _taken(two, moved, grid), window), window)
    return moved


def warped(picture: Tensor, moved: Tensor) -> Tensor:
    """``picture`` (N, C, H, W) taken at each place + ``moved`` (N, 2, H, W); beyond it, its rim."""
    return _taken(picture, moved, _places(picture))


def _places(picture: Tensor) -> Tensor:
    """The middle of each pixel (H, W, 2), right and down, -1…1 from rim to rim."""
    like: Any = {"dtype": picture.dtype, "device": picture.device}
    height, width = (
        torch.linspace(1 / size - 1, 1 - 1 / size, size, **like) for size in picture.shape[-2:]
    )
    return torch.stack(torch.meshgrid(width, height, indexing="xy"), -1)


def _taken(picture: Tensor, moved: Tensor, places: Tensor) -> Tensor:
    height, width = picture.shape[-2:]
    sides = torch.tensor([2 / width, 2 / height], dtype=moved.dtype, device=moved.device)
    grid = places + moved.permute(0, 2, 3, 1) * sides
    return F.grid_sample(picture, grid, "bilinear", "border", align_corners=False)


def _mean(values: Tensor, window: int) -> Tensor:
    """Over the window around each place."""
    return F.avg_pool2d(values, window, 1, window // 2, count_include_pad=False)


def _factors() -> Tensor:
    """Kernels over two frames, ten: how both slope across and down and what changes, paired so that
    the first five times the last five are across × down, down × change, across × change, down²
    and across².
    """
    slope = torch.tensor([-0.25, 0.0, 0.25])
    across, down, change = torch.zeros(3, 2, 3, 3)
    across[:, 1], down[:, :, 1] = slope, slope
    change[:, 1, 1] = torch.tensor([-1.0, 1.0])
    return torch.stack([across, down, across, down, across, down, change, change, down, across])


_FACTORS = _factors()


def _step(one: Tensor, two: Tensor, window: int) -> Tensor:
    """The move that brings ``two`` nearest to ``one``, by least squares in each window."""
    both = F.pad(torch.cat([one, two], 1), (1, 1, 1, 1), mode="replicate")
    with _exact(both):
        first, second = F.conv2d(both, _FACTORS.to(both)).chunk(2, 1)
    cross, mixed, own = torch.split(_mean(first * second, window), [1, 2, 2], 1)
    own = own + _LEAST
    step: Tensor = (cross * mixed - own * mixed.flip(1)) / (own.prod(1, True) - cross * cross)
    return step
