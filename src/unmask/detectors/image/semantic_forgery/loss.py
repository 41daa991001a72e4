"""The loss over the graph of labels, level by level (Zou et al. 2025, section IV)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.image.semantic_forgery.graph import ATTRIBUTES, UNKNOWN


def level_losses(nodes: Tensor, labels: Tensor) -> Tensor:
    """Losses of the three levels: fake or real, the five attributes, the six regions.

    ``nodes``: log-odds of the labels (B, 12); ``labels``: 1, 0 or ``UNKNOWN``. A level is the mean
    over its labels of their cross-entropies, and of these each is a mean over all faces, in which
    an unknown label counts as no loss.
    """
    known = labels != UNKNOWN
    each = F.binary_cross_entropy_with_logits(nodes, labels.clamp(min=0), reduction="none")
    means = (each * known).mean(0)
    border = 1 + len(ATTRIBUTES)
    return torch.stack([means[0], means[1:border].mean(), means[border:].mean()])
