"""The losses of RECCE beside classification (Cao et al. 2022, section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

_LEAST = 1e-6


def reconstruction(drawn: Tensor, face: Tensor, label: Tensor) -> Tensor:
    """Mean distance of drawn from given *real* faces (B, 3, H, W); 0 where there is none."""
    real = label == 0
    if not bool(real.any()):
        return drawn.sum() * 0
    return (drawn[real] - face[real]).abs().mean()


def metric(seen: Sequence[Tensor], label: Tensor) -> Tensor:
    """Real faces near each other, and forged ones far from them; forged ones may lie anywhere.

    ``seen``: embeddings (B, C) of several depths. Nearness is the cosine brought to 0…1; of each
    depth one less the mean of real pairs, plus the mean of mixed pairs, not below 0.
    """
    forged = label > 0
    alone = torch.eye(len(label), dtype=torch.bool, device=label.device)
    alike = ~(forged[:, None] | forged[None] | alone)
    mixed = forged[:, None] ^ forged[None]
    total = seen[0].new_zeros(())
    for vectors in seen:
        direction = F.normalize(vectors)
        near = (direction @ direction.T + 1) / 2
        means = [(near * pairs).sum() / (pairs.sum() + _LEAST) for pairs in (alike, mixed)]
        total = total + F.relu(1 - means[0] + means[1])
    return total
