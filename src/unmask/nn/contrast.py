"""Supervised contrast: items of one class together, all others apart.

Khosla et al. 2020, "Supervised Contrastive Learning", section 3.2.2 (the sum outside the log).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def supervised_contrast(embedding: Tensor, label: Tensor, temperature: float = 0.07) -> Tensor:
    """Pulls items of one class together: embeddings (B, D) of any length, labels (B).

    For each item the mean log-probability of its own class among all others; items that are alone
    in their class count as 0.
    """
    unit = F.normalize(embedding, dim=1)
    if len(unit) < 2:
        return unit.sum() * 0
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    likeness = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)
    log_share = likeness.log_softmax(1).masked_fill(itself, 0)
    same = (label[:, None] == label[None]) & ~itself
    of_class = (log_share * same).sum(1) / same.sum(1).clamp(min=1)
    return -of_class.mean()
