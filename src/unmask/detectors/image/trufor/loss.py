"""What the second and the third phase of training minimise (section 3.4)."""

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
    """``share`` × weighed cross-entropy + (1 - ``share``) × dice loss of the forged class.

    Log-odds, target (0, 1) and which pixels are known, all (B, H, W).
    """
    target, known = target.to(mask), known.to(mask)
    weight = known * torch.where(target > 0.5, class_weights[1], class_weights[0])
    entropy = F.binary_cross_entropy_with_logits(mask, target, reduction="none")
    entropy = (weight * entropy).sum() / weight.sum().clamp(min=1e-5)
    forged = mask.sigmoid()
    common = (forged * target * known).flatten(1).sum(1)
    sizes = ((forged.square() + target.square()) * known).flatten(1).sum(1)
    dice = 1 - (2 * common / (sizes + 1e-5)).mean()
    return share * entropy + (1 - share) * dice


def confidence_loss(
    confidence: Tensor,
    mask: Tensor,
    target: Tensor,
    known: Tensor,
    inside: int = 15,
    outside: int = 11,
) -> Tensor:
    """Squared distance of the confidence to the true class's probability.

    Corbière et al. 2019. Pixels near the border of the forged area do not count: ``inside`` and
    ``outside`` are the sides of the windows that must lie wholly in one class. All (B, H, W).
    """
    forged = (target > 0.5).to(mask)
    core = -F.max_pool2d(-forged[:, None], inside, 1, inside // 2)[:, 0]
    rest = 1 - F.max_pool2d(forged[:, None], outside, 1, outside // 2)[:, 0]
    probability = mask.sigmoid()
    truth = probability * core + (1 - probability) * rest
    counted = known.to(mask) * (core + rest)
    distance = (confidence.sigmoid() - truth).square()
    return (counted * distance).sum() / counted.sum().clamp(min=1)


def detection_loss(logit: Tensor, label: Tensor, forged_share: float = 0.7) -> Tensor:
    """Cross-entropy of whole pictures, weighed so that classes count alike.

    ``forged_share``: share of forged pictures among those trained on.
    """
    weight = torch.where(label > 0.5, 0.5 / forged_share, 0.5 / (1 - forged_share))
    return F.binary_cross_entropy_with_logits(logit, label, weight=weight)
