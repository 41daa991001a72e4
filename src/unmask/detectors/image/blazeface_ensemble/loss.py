"""Focal loss (Lin, Goyal, Girshick, He and Dollár 2017, equation 4)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def focal(logit: Tensor, label: Tensor, gamma: float) -> Tensor:
    """Cross-entropy of each item × (1 - p) ** ``gamma``, p being the chance of what is right.

    ``logit`` and ``label`` (B) to the mean over them; at 0 it is the cross-entropy.
    """
    entropy = F.binary_cross_entropy_with_logits(logit, label, reduction="none")
    right = (-entropy).exp()
    return ((1 - right).clamp(min=1e-8) ** gamma * entropy).mean()
