"""Logistic regressions that are fitted together, each by its own loss.

scikit-learn's with ``C``: cross-entropy summed over all items, and half the squared weights by
``C``; here over the number of items, so that a batch stands for all.
"""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.audio.wavlm_ensemble.model import Member, WavLmEnsemble

_SURE = 1e-7


def regressions(
    network: WavLmEnsemble, members: Tensor, label: Tensor, strength: float, items: int
) -> tuple[Tensor, Tensor]:
    """Loss of the members' classifiers, and of the last one, which moves no member.

    ``members``: probabilities (B, M). ``strength``: C; ``items``: how many the training has.
    """
    share = 1 / (2 * strength * items)
    single = F.binary_cross_entropy(
        members.clamp(_SURE, 1 - _SURE), label[:, None].expand_as(members)
    ) * members.shape[1]  # fmt: skip
    for member in cast("list[Member]", list(network.members)):
        single = single + share * member.classify.weight.square().sum()
    fused = network.fuse(members.detach())[:, 0]
    joint = F.binary_cross_entropy_with_logits(fused, label)
    return single, joint + share * network.fuse.weight.square().sum()
