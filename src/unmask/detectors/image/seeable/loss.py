"""The bounded contrast of SeeABLE, and the prototypes that bound it (Larue et al. 2023, 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

TEMPERATURE = 0.07


def prototypes(number: int, width: int, seed: int) -> Tensor:
    """``number`` points of the unit sphere in ``width`` dimensions, as far apart as can be.

    The corners of a simplex: every cosine is -1 / (number - 1). Turned at random by ``seed``.
    Needs ``number`` ≤ ``width`` + 1.
    """
    corners = np.eye(number) - 1 / number
    axes = np.linalg.svd(corners)[2][: number - 1]
    placed = corners @ axes.T
    placed /= np.linalg.norm(placed, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
    return torch.from_numpy((placed @ turn[: number - 1]).astype(np.float32))


def bounded_contrast(
    features: Tensor, kind: Tensor, points: Tensor, temperature: float = TEMPERATURE
) -> Tensor:
    """Views of one kind near each other, and each near the prototype of its kind.

    ``features`` (V × B, C), of length one: all faces in their first view, then in the next;
    ``kind`` (B). Supervised contrast in which the nearness of a view to itself is replaced by its
    nearness to its prototype, which counts among what should be near.
    """
    kinds = kind.repeat(len(features) // len(kind))
    near = features @ features.T / temperature
    own = (features * points.to(features)[kinds]).sum(1) / temperature
    near = torch.where(torch.eye(len(kinds), dtype=torch.bool, device=near.device), own, near)
    likely = near.log_softmax(1)
    alike = (kinds[:, None] == kinds[None]).to(near)
    return -((alike * likely).sum(1) / alike.sum(1)).mean()
