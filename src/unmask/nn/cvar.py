"""Conditional value at risk: the mean of the worst share (Rockafellar and Uryasev 2000)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def worst_share(values: Tensor, alpha: float) -> Tensor:
    """The mean of the largest share ``alpha`` (0…1, not 0) of ``values`` (N).

    The closed form of the least over λ of λ + mean(max(values - λ, 0)) / alpha.
    """
    wanted = alpha * len(values)
    whole = math.floor(wanted + 1e-9)
    ordered = values.sort(descending=True).values
    total = ordered[:whole].sum()
    if whole < len(values):
        total = total + (wanted - whole) * ordered[whole]
    return total / torch.as_tensor(wanted, dtype=values.dtype, device=values.device)
