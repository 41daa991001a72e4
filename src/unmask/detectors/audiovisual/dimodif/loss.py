"""What DiMoDif minimises: every moment, the edges of stretches, and the whole.

Focal cross-entropy: Lin et al. 2017; DIoU: Zheng et al. 2020, of intervals instead of boxes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.audiovisual.dimodif.model import FPS

_FOCUS = 2.0


def targets(segments: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Which moments are forged (B, T), and how many lie back to the start and on to the end (B, T,
    2) of their stretch. ``segments``: (B, S, 2) in seconds, -1 where there is none."""
    place = torch.arange(count, device=segments.device, dtype=segments.dtype)[None, None] + 0.5
    low, high = segments[..., :1] * FPS, segments[..., 1:] * FPS
    inside = (place >= low) & (place < high) & (segments[..., :1] >= 0)
    edges = torch.stack([place - low, high - place], dim=-1)
    edges = torch.where(inside[..., None], edges, 0.0)
    return inside.any(1).to(segments.dtype), edges.amax(1)


def focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy in which what is surely right counts little."""
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return ((1 - (-entropy).exp()) ** _FOCUS * entropy).mean()


def apart(found: Tensor, wanted: Tensor) -> Tensor:
    """1 less the overlap of two stretches around one moment, and how far their middles are apart.

    Both (N, 2): moments back to the start and on to the end. Gives (N).
    """
    common = torch.minimum(found, wanted).sum(-1)
    union = found.sum(-1) + wanted.sum(-1) - common
    hull = torch.maximum(found, wanted).sum(-1).clamp(min=1e-6)
    middle = ((found[..., 1] - found[..., 0]) - (wanted[..., 1] - wanted[..., 0])) / 2
    return 1 - common / union.clamp(min=1e-6) + (middle / hull).square()


def total_loss(
    outputs: dict[str, Tensor], segments: Tensor, label: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """The sum of the three, each with weight 1."""
    moments = outputs["moments"]
    wanted, edges = targets(segments.to(moments), moments.shape[1])
    inside = wanted > 0
    parts = {
        "moments": focal(moments, wanted),
        "edges": (apart(outputs["edges"], edges) * inside).sum() / inside.sum().clamp(min=1),
        "whole": F.binary_cross_entropy_with_logits(outputs["logit"], label.to(moments)),
    }
    loss = parts["moments"] + parts["edges"] + parts["whole"]
    return loss, {name: value.item() for name, value in parts.items()}
