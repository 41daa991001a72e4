"""Supervised self-contrast (Bae et al. 2023) over real or generated, and over generators."""

from __future__ import annotations

import torch
from torch import Tensor

TEMPERATURE = 0.07


def self_contrast(views: Tensor, label: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Views (B, V, D) of length one; those of one label shall be alike, and those of one item.

    For each view the mean log-probability of all other views of its label, among all others.
    """
    batch, number, _ = views.shape
    each = views.transpose(0, 1).reshape(batch * number, -1)
    label = label.repeat(number)
    itself = torch.eye(len(each), dtype=torch.bool, device=each.device)
    likeness = (each @ each.T / temperature).masked_fill(itself, -torch.inf)
    share = likeness.log_softmax(1).masked_fill(itself, 0)
    same = (label[:, None] == label[None]) & ~itself
    return -((share * same).sum(1) / same.sum(1)).mean()


def origin_and_generator(
    views: Tensor, label: Tensor, generator: Tensor, temperature: float = TEMPERATURE
) -> tuple[Tensor, Tensor]:
    """The contrast of real against generated, and that of generators among the generated.

    Views (B, V, D), label (B, 1 = generated), number of the generator (B, read where generated). A
    batch without a generated picture costs nothing in the second.
    """
    made = label > 0.5
    origin = self_contrast(views, label, temperature)
    if not bool(made.any()):
        return origin, views.sum() * 0
    return origin, self_contrast(views[made], generator[made], temperature)
