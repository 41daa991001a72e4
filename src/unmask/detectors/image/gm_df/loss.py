"""How far apart two datasets lie, and a step on some of them before the others are judged.

After Lai et al. 2024, "GM-DF: Generalized Multi-Scenario Deepfake Detection", section 3; the step
is that of Finn, Abbeel and Levine 2017, "Model-Agnostic Meta-Learning", to first order.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def distance(one: Tensor, two: Tensor) -> Tensor:
    """The squared 2-Wasserstein distance of the Gaussians of two sets of features (N, C), (M, C).

    The trace of the root of both covariances is the sum of the singular values of the centred
    features of one times those of the other; a set of one feature has no spread.
    """
    roots = [(part - part.mean(0)) / max(len(part) - 1, 1) ** 0.5 for part in (one, two)]
    means = (one.mean(0) - two.mean(0)).square().sum()
    spreads = sum(root.square().sum() for root in roots)
    common = torch.linalg.svdvals((roots[0] @ roots[1].T).float()).sum()
    result: Tensor = means + spreads - 2 * common
    return result


def stepped(loss: Tensor, moving: Mapping[str, Tensor], rate: float) -> dict[str, Tensor]:
    """``moving`` a step of ``rate`` down the loss; the step itself is a constant (first order)."""
    slopes = torch.autograd.grad(loss, list(moving.values()))
    return {
        name: value - rate * slope.detach()
        for (name, value), slope in zip(moving.items(), slopes, strict=True)
    }
