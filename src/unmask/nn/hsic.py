"""How dependent two sets of features are: the Hilbert-Schmidt independence criterion.

Gretton, Bousquet, Smola and Schölkopf 2005, "Measuring Statistical Dependence with Hilbert-Schmidt
Norms", section 3.1 (the empirical estimate).
"""

from __future__ import annotations

import torch
from torch import Tensor


def gaussian(features: Tensor, width: float | None = None) -> Tensor:
    """Kernel exp(-distance² / (2 width²)) of features (N, D), N × N.

    Without a width it is the median distance between different items.
    """
    squares = torch.cdist(features, features).square()
    if width is None:
        pairs = torch.triu_indices(len(features), len(features), 1, device=features.device)
        middle = squares[pairs[0], pairs[1]].detach().median().clamp(min=1e-12)
    else:
        middle = squares.new_tensor(width * width)
    return (-squares / (2 * middle)).exp()


def hsic(one: Tensor, two: Tensor) -> Tensor:
    """The estimate from two kernels (N × N) over the same items: tr(K H L H) / (N - 1)²."""
    count = len(one)
    centred = one - one.mean(0, keepdim=True)
    centred = centred - centred.mean(1, keepdim=True)
    return (centred * two.T).sum() / (count - 1) ** 2
