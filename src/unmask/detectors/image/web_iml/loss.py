"""What the network minimises: the cross-entropy of pixels that are still hard."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

EASY, LEAST = 0.7, 100_000


def hard_pixels(odds: Tensor, target: Tensor, easy: float = EASY, least: int = LEAST) -> Tensor:
    """Mean cross-entropy of pixels whose true class has a chance below ``easy`` (online hard
    example mining, Shrivastava et al. 2016); where fewer than ``least`` have, of so many.

    ``odds`` and ``target`` (0, 1; below 0: not known): (B, H, W). Where all are easy, 0; the
    authors' program gives no number there.
    """
    known = target >= 0
    values = odds[known]
    truth = (target[known] > 0.5).to(values)
    if not len(values):
        return odds.sum() * 0
    each = F.binary_cross_entropy_with_logits(values, truth, reduction="none")
    chance = torch.exp(-each.detach())
    cut = chance.sort().values[min(least, len(chance) - 1)].clamp(min=easy)
    hard = each[chance < cut]
    return hard.mean() if len(hard) else odds.sum() * 0
