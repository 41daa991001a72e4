"""Features of two views of one face must point the same way (Ni et al. 2022, section 3.2)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def inconsistency(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared distance from 1 of the cosines between features (B, C) of both views."""
    return (F.cosine_similarity(first, second) - 1).square().mean()
