"""The four losses of LSDA (Yan et al. 2024, section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

WEIGHTS = {"domain": 1.0, "binary": 0.5, "distillation": 1.0, "person": 1.0}


def person(real: Tensor, moved: Sequence[Tensor], swapped: Sequence[Tensor]) -> Tensor:
    """Real encodings near those of forgeries that leave the person, far from those that do not.

    Maps (G, C, h, w); one less the cosine over the channels, summed over places and groups as in
    the authors' program.
    """

    def apart(other: Tensor) -> Tensor:
        return (1 - F.cosine_similarity(real, other, dim=1)).sum()

    near = sum((apart(other) for other in moved), real.new_zeros(()))
    far = sum((apart(other) for other in swapped), real.new_zeros(()))
    return near - far


def distillation(student: Tensor, real: Tensor, fused: Tensor) -> Tensor:
    """The student's features (G, 1 + D, C, h, w) like those of the real encoder and the fused
    ones of the forgeries (G, D, C, h, w).
    """
    return F.mse_loss(student[:, 0], real) + F.mse_loss(student[:, 1:], fused)


def weighed(parts: dict[str, Tensor]) -> Tensor:
    """The whole loss."""
    return torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
