"""The three losses of ClassNSeg (Nguyen et al. 2019, section 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def activation(activity: Tensor, label: Tensor) -> Tensor:
    """The half of the class should be active by 1 and the other by 0; summed, mean of the batch.

    ``activity`` (B, 2): of altered and of real.
    """
    wanted = torch.stack([label, 1 - label], 1).to(activity)
    return (activity - wanted).abs().sum(1).mean()


def segmentation(mask: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy of pixels, of those pictures whose mask is ``known`` (B).

    ``mask`` (B, H, W) log-odds, ``target`` in 0…1, cut at one half. As in the authors' program the
    probabilities of both classes go in where logits should: their difference is the hyperbolic
    tangent of half the log-odds.
    """
    wrong = F.binary_cross_entropy_with_logits(
        torch.tanh(mask / 2), (target >= 0.5).to(mask), reduction="none"
    ).mean((1, 2))
    return (wrong * known).sum() / known.sum().clamp(min=1)


def reconstruction(drawn: Tensor, face: Tensor) -> Tensor:
    """Mean squared distance of a drawn face (-1…1) from the normalised one (-2.1…2.6)."""
    return F.mse_loss(drawn, face)
