"""The four losses of UCF (Yan et al. 2023, section 3.3) over equal numbers of reals and fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.image.ucf.model import normalised

if TYPE_CHECKING:
    from unmask.detectors.image.ucf.model import UCF
    from unmask.train.method import Batch, Outputs

WEIGHTS = {"specific": 0.1, "reconstruction": 0.3, "contrastive": 0.05}
"""Against 1 of the common classification (section 4.1)."""
MARGIN = 3.0
SWAP = 0.7
"""How often common features change places within their class before faces are drawn from them."""


def reconstruction(
    network: UCF, face: Tensor, outputs: Outputs, real: Tensor, fake: Tensor
) -> Tensor:
    """Distances of the faces drawn from own and from crossed features, to the content's face.

    ``real`` and ``fake``: places in the batch, pair by pair.
    """
    target = normalised(face)
    content, specific = outputs["content_features"], outputs["specific_features"]
    common = outputs["common_features"]
    swapped = float(torch.rand(())) < SWAP
    total = face.new_zeros(())
    for style in (real, fake):
        mixed = style[torch.randperm(len(style), device=style.device)] if swapped else style
        for inside in (real, fake):
            drawn = network.redrawn(content[inside], specific[style], common[mixed])
            total = total + F.l1_loss(drawn, target[inside])
    return total


def _apart(anchor: Tensor, near: Tensor, far: Tensor) -> Tensor:
    gap = F.pairwise_distance(anchor, near) - F.pairwise_distance(anchor, far)
    return (gap + MARGIN).clamp(min=0).mean()


def contrastive(outputs: Outputs, method: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """Real and fake apart: common features against any of their class, specific ones against their
    method's.
    """
    common = outputs["common_features"].mean((2, 3))
    specific = outputs["specific_features"].mean((2, 3))
    total = common.new_zeros(())
    for features, mates in (
        (common, [_mates(torch.zeros_like(method[side])) for side in (real, fake)]),
        (specific, [_mates(method[side]) for side in (real, fake)]),
    ):
        own, other = features[real], features[fake]
        near, far = own[mates[0]], other[mates[1]]
        total = total + _apart(own, near, far) + _apart(other, far, near)
    return total


def _mates(kinds: Tensor) -> Tensor:
    """For each place one of the same kind, drawn without putting back."""
    drawn = torch.rand(len(kinds), device=kinds.device)
    chosen = torch.empty_like(kinds, dtype=torch.long)
    for kind in set(kinds.tolist()):
        places = torch.nonzero(kinds == kind)[:, 0]
        chosen[places] = places[drawn[places].argsort()]
    return chosen


def ucf_loss(network: UCF, batch: Batch, outputs: Outputs) -> tuple[Tensor, dict[str, float]]:
    """The sum of the four, and each of them."""
    label, method = batch["label"], batch["method"].long()
    real, fake = (torch.nonzero(label == side)[:, 0] for side in (0, 1))
    pairs = min(len(real), len(fake))
    real, fake = real[:pairs], fake[:pairs]
    parts = {
        "common": F.binary_cross_entropy_with_logits(outputs["logit"], label),
        "specific": F.cross_entropy(outputs["specific"], method),
        "reconstruction": reconstruction(network, batch["face"], outputs, real, fake),
        "contrastive": contrastive(outputs, method, real, fake),
    }
    total = torch.stack([WEIGHTS.get(name, 1.0) * value for name, value in parts.items()]).sum()
    return total, {name: float(value.detach()) for name, value in parts.items()}
