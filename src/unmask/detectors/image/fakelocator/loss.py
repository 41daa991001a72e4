"""What FakeLocator minimises: the error of its map, of its judgement, and of its parser."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.image.fakelocator.parts import UNKNOWN


def map_errors(found: Tensor, target: Tensor) -> Tensor:
    """Mean distance of the pixels of each map (B, H, W) from its target: (B)."""
    return (found - target.to(found)).abs().mean((1, 2))


def likeness(found: Tensor, target: Tensor) -> Tensor:
    """Cosine of the angle between each map and its target, both (B, H, W): (B)."""
    return F.cosine_similarity(found.flatten(1), target.to(found).flatten(1), dim=1)


def map_loss(found: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean error of the maps that are ``known`` (B)."""
    known = known.to(found)
    return (map_errors(found, target) * known).sum() / known.sum().clamp(min=1)


def parse_loss(parts: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of parts (B, K, H, W) at the pixels whose part (B, H, W) is known."""
    each = F.cross_entropy(parts, target, ignore_index=UNKNOWN, reduction="sum")
    return each / torch.clamp((target != UNKNOWN).sum(), min=1)
