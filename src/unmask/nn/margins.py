"""Classes as directions on a sphere, with a margin that the right one must win by.

Additive margin of the cosine: Wang, Cheng, Liu and Liu 2018, "Additive Margin Softmax for Face
Verification", section 3 (CosFace is the same). Margin of the angle: Deng et al. 2019, "ArcFace",
section 3.1.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Cosines(nn.Module):
    """Features (B, ``width``) to their cosines with ``classes`` learnt directions, (B, classes)."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, width))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Values in -1…1. The length of features and directions does not count."""
        return F.linear(F.normalize(features), F.normalize(self.weight))


def additive_margin(
    cosine: Tensor, label: Tensor, margin: float = 0.35, scale: float = 30.0
) -> Tensor:
    """Logits for cross-entropy: the right class's cosine less ``margin``, all times ``scale``.

    Cosines (B, classes), labels (B).
    """
    right = F.one_hot(label.long(), cosine.shape[1]).to(cosine)
    return scale * (cosine - margin * right)


def arc_margin(cosine: Tensor, label: Tensor, margin: float = 0.5, scale: float = 64.0) -> Tensor:
    """Logits for cross-entropy: the right class's angle made larger by ``margin`` (radians).

    Beyond π - margin, where the cosine would rise again, ``margin`` × sin(margin) is taken from the
    cosine instead, as in the authors' program. Cosines (B, classes), labels (B).
    """
    sine = (1 - cosine.square()).clamp(min=1e-12).sqrt()
    turned = cosine * math.cos(margin) - sine * math.sin(margin)
    beyond = cosine - margin * math.sin(margin)
    turned = torch.where(cosine > -math.cos(margin), turned, beyond)
    right = F.one_hot(label.long(), cosine.shape[1]).bool()
    return scale * torch.where(right, turned, cosine)
