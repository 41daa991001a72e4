"""What NFA-ViT minimises: cross-entropy of pixels and, half as much, of whole pictures."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pixels_and_picture(
    mask: Tensor, target: Tensor, known: Tensor, logit: Tensor, label: Tensor, weight: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The sum, and its two parts before ``weight`` (of whole pictures).

    Mask, target (0, 1) and known pixels (B, H, W); logit and label (B).
    """
    known = known.to(mask)
    entropy = F.binary_cross_entropy_with_logits(mask, target.to(mask), reduction="none")
    pixels = (entropy * known).sum() / known.sum().clamp(min=1)
    picture = F.binary_cross_entropy_with_logits(logit, label.to(logit))
    return pixels + weight * picture, pixels, picture
