"""What the two phases of MMFusion's training minimise, where they differ from TruFor's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def localisation_loss(
    mask: Tensor,
    target: Tensor,
    known: Tensor,
    class_weights: tuple[float, float] = (0.5, 2.5),
    share: float = 0.3,
) -> Tensor:
    """``share`` × weighed cross-entropy + (1 - ``share``) × dice loss, sizes not squared.

    Log-odds, target (0, 1) and which pixels are known, all (B, H, W). Of a picture without forgery
    the dice loss is 1 whatever the mask says, as in the authors' program.
    """
    target, known = target.to(mask), known.to(mask)
    weight = known * torch.where(target > 0.5, class_weights[1], class_weights[0])
    entropy = F.binary_cross_entropy_with_logits(mask, target, reduction="none")
    entropy = (weight * entropy).sum() / weight.sum().clamp(min=1e-5)
    forged = mask.sigmoid() * known
    target = target * known
    common = (forged * target).flatten(1).sum(1)
    sizes = (forged + target).flatten(1).sum(1)
    dice = 1 - (2 * common / (sizes + 1e-9)).mean()
    return share * entropy + (1 - share) * dice


def confidence_loss(confidence: Tensor, mask: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Squared distance of the confidence, as it is, to the true class's probability.

    All (B, H, W). Unlike TruFor no sigmoid stands before it and every known pixel counts.
    """
    probability = mask.sigmoid()
    truth = torch.where(target > 0.5, probability, 1 - probability)
    known = known.to(mask)
    return (known * (confidence - truth).square()).sum() / known.sum().clamp(min=1)
