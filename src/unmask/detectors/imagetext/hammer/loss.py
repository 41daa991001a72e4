"""What HAMMER minimises: contrast, match, kinds, box and tokens (section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.imagetext.hammer.model import Hammer

IGNORED = -1
"""A token that counts for nothing: padding, or the first."""


def manipulation_contrast(
    network: Hammer, mine: tuple[Tensor, Tensor], slow: tuple[Tensor, Tensor], real: Tensor,
    share: float,
) -> Tensor:  # fmt: skip
    """Manipulation-aware contrast: only untouched pairs are to be near across the senses.

    Unit vectors (B, D) of the encoders and of their twin; ``real`` (B); ``share`` of the targets
    that comes from the twin.
    """
    temperature = network.temperature
    pictures = torch.cat([slow[0].T, network.picture_queue.clone()], dim=1)
    texts = torch.cat([slow[1].T, network.text_queue.clone()], dim=1)
    size = (len(real), texts.shape[1])
    itself = torch.eye(*size, device=real.device)
    with torch.no_grad():
        pair = itself * real[:, None]
        to_text = share * (slow[0] @ texts / temperature).softmax(1) + (1 - share) * pair
        to_picture = share * (slow[1] @ pictures / temperature).softmax(1) + (1 - share) * pair
    wanted = (
        (mine[0] @ texts, to_text),
        (mine[1] @ pictures, to_picture),
        (mine[0] @ pictures, itself),
        (mine[1] @ texts, itself),
    )
    parts = [
        -(target * (near / temperature).log_softmax(1)).sum(1).mean() for near, target in wanted
    ]
    return torch.stack(parts).mean()


def corners(box: Tensor) -> Tensor:
    """cx, cy, w, h to left, top, right, bottom."""
    centre, half = box[:, :2], box[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=1)


def box_losses(given: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of absolute differences, and 1 - generalised overlap (Rezatofighi et al. 2019), a mean.

    Pairs without a forged box have the target 0, 0, 0, 0.
    """
    first, second = corners(given), corners(target)
    low, high = first[:, :2].maximum(second[:, :2]), first[:, 2:].minimum(second[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = given[:, 2:].prod(1) + target[:, 2:].prod(1) - common
    low, high = first[:, :2].minimum(second[:, :2]), first[:, 2:].maximum(second[:, 2:])
    hull = (high - low).clamp(min=0).prod(1).clamp(min=1e-9)
    overlap = common / union.clamp(min=1e-9) - (hull - union) / hull
    return (given - target).abs().sum(1).mean(), (1 - overlap).mean()


def token_loss(logits: Tensor, slow: Tensor, target: Tensor, share: float) -> Tensor:
    """Cross-entropy with the true tags and, for ``share``, with the twin's.

    Log-odds (B, L), the twin's too; targets 0, 1 or ``IGNORED``.
    """
    counted = (target != IGNORED).to(logits)
    number = counted.sum().clamp(min=1)
    tags = target.clamp(min=0).to(logits)
    true = F.binary_cross_entropy_with_logits(logits, tags, reduction="none")
    soft = F.binary_cross_entropy_with_logits(logits, slow.sigmoid(), reduction="none")
    return (((1 - share) * true + share * soft) * counted).sum() / number


def total_loss(
    network: Hammer, batch: Mapping[str, Tensor], weights: Mapping[str, float], share: float,
    momentum: float,
) -> tuple[Tensor, dict[str, float]]:  # fmt: skip
    """The weighed sum. In training the twin follows and the queues take the batch in."""
    picture, text, label = batch["picture"], batch["text"], batch["label"]
    with torch.no_grad():
        network.temperature.clamp_(0.001, 0.5)
    outputs = network(picture, text)
    mine = network.common(network.encoders, outputs["seen"], outputs["read"])
    with torch.no_grad():
        if network.training:
            network.follow(momentum)
        seen = network.look(network.momentum, picture)
        read = network.momentum.read.read(text)
        slow = network.common(network.momentum, seen, read)
        tagged = network.momentum.judge_tokens(network.momentum.read.fuse(read, text, seen))
        slow_tokens = tagged[..., 1] - tagged[..., 0]
    absolute, overlap = box_losses(outputs["box"], batch["box"])
    parts = {
        "contrast": manipulation_contrast(network, mine, slow, 1 - label, share),
        "match": F.binary_cross_entropy_with_logits(outputs["logit"], label),
        "types": F.binary_cross_entropy_with_logits(outputs["types"], batch["types"]),
        "box": absolute,
        "overlap": overlap,
        "tokens": token_loss(outputs["tokens"], slow_tokens, batch["tokens"][:, 1:], share),
    }
    if network.training:
        network.remember(*slow)
        network.steps += len(label)
    loss = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
    return loss, {name: value.item() for name, value in parts.items()}
