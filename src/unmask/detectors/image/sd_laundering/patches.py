"""Many small patches of a picture, and how their scores become one."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 96
"""Side of a patch in pixels."""
_STEPS = (0.7548776662466927, 0.5698402909980532)
"""Inverse powers of the plastic number, by which places of a sequence spread evenly (Roberts)."""


def places(number: int) -> Tensor:
    """Where patches lie, as shares of the room there is: (2, number), in 0…1."""
    order = torch.arange(number, dtype=torch.float64)
    return torch.stack([(0.5 + order * step) % 1 for step in _STEPS]).float()


def cut(picture: Tensor, where: Tensor, side: int = SIDE) -> Tensor:
    """Patches (B, P, C, side, side) of a picture (B, C, H, W) at ``where`` (2, P).

    Of a picture smaller than a patch the last row or column goes on.
    """
    within = torch.arange(side, device=picture.device)
    indices = []
    for axis, share in enumerate(where):
        size = picture.shape[2 + axis]
        # A tensor of the size keeps it free in an exported graph.
        last = torch.ones_like(share) * size - 1
        room = (last + 1 - side).clamp(min=0)
        first = (share * (room + 1)).floor().minimum(room)
        indices.append((first[:, None] + within).minimum(last[:, None]).long())
    rows, columns = indices
    found = picture[:, :, rows[:, :, None], columns[:, None, :]]
    return found.permute(0, 2, 1, 3, 4)


def highest(scores: Tensor, share: float) -> Tensor:
    """The mean of the highest ``share`` of scores (B, P)."""
    kept = max(1, round(scores.shape[1] * share))
    return scores.topk(kept, dim=1).values.mean(1)
