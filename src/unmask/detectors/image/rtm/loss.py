"""What ASCFormer minimises: cross-entropy of pixels, and a contrast of edited and other places."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.nn.contrast import supervised_contrast


def pixel_loss(mask: Tensor, target: Tensor, edited: float = 1.0) -> Tensor:
    """Cross-entropy: log-odds and target (0, 1; below 0: not known), both (B, H, W).

    An edited pixel counts ``edited`` times as much as an authentic one.
    """
    known = (target >= 0).to(mask) * torch.where(target > 0.5, edited, 1.0)
    entropy = F.binary_cross_entropy_with_logits(
        mask, target.clamp(min=0).to(mask), reduction="none"
    )
    return (entropy * known).sum() / known.sum().clamp(min=1)


def drawn(features: Tensor, target: Tensor, points: int) -> tuple[list[Tensor], list[Tensor]]:
    """Features (B, D, H, W) of places: authentic and edited ones that are taken, and the others.

    Up to ``points`` of either class; where one has fewer, the other fills up to twice that.
    ``target`` (B, H', W') is read at the nearest pixel.
    """
    small = F.interpolate(target[:, None].float(), size=features.shape[2:], mode="nearest")
    truth = small.flatten()
    flat = features.permute(0, 2, 3, 1).flatten(0, 2)
    places = [torch.nonzero(truth == side).flatten() for side in (0, 1)]
    places = [one[torch.randperm(len(one)).to(one.device)] for one in places]
    sizes = [len(one) for one in places]
    wanted = [
        2 * points - sizes[1 - side] if sizes[1 - side] < points else points for side in (0, 1)
    ]
    taken = [flat[one[:most]] for one, most in zip(places, wanted, strict=True)]
    left = [flat[one[most:]] for one, most in zip(places, wanted, strict=True)]
    return taken, left


def contrast(
    taken: list[Tensor], kept: list[Tensor], least: int, temperature: float = 0.07
) -> Tensor:
    """Places of one class together, of the other apart, those kept from the step before among them.

    0 while fewer than ``least`` places are edited, or hardly more in all.
    """
    each = [torch.cat([new, old]) for new, old in zip(taken, kept, strict=True)]
    every = torch.cat(each)
    if len(each[1]) < least or len(every) - least < 2:
        return every.sum() * 0
    label = torch.cat([torch.full((len(one),), side) for side, one in enumerate(each)])
    return supervised_contrast(every, label.to(every.device), temperature)


def remembered(taken: Tensor, left: Tensor, most: int) -> Tensor:
    """At most ``most`` places of a class to keep: those that were not taken first."""
    return torch.cat([left, taken]).detach()[:most]
