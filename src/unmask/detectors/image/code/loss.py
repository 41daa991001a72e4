"""CoDE's loss: InfoNCE between whole pictures, and between parts and wholes (section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 0.1


def info_nce(query: Tensor, key: Tensor, others: Tensor, temperature: float) -> Tensor:
    """Each query (N, D) shall be nearer to its key (N, D) than to any of ``others`` (M, D)."""
    query, key, others = (F.normalize(value, dim=-1) for value in (query, key, others))
    likeness = torch.cat([(query * key).sum(-1, keepdim=True), query @ others.T], dim=1)
    return -(likeness / temperature).log_softmax(1)[:, 0].mean()


def contrast(
    views: Mapping[str, Tensor], label: Tensor, temperature: float = TEMPERATURE
) -> tuple[Tensor, Tensor]:
    """The loss of real pictures and that of forged ones, to be added.

    ``views``: features (B, D) of each item's ``picture`` as it is, ``augmented``, of a large
    (``whole``) and of a small cut of it (``part``), both augmented. A class that the batch lacks
    costs nothing.
    """
    of_class = []
    for side in (0, 1):
        own, other = label.round() == side, label.round() != side
        if not bool(own.any()):
            of_class.append(views["picture"].sum() * 0)
            continue
        pairs = (("picture", "augmented"), ("part", "whole"))
        terms = [
            info_nce(views[query][own], views[key][own], views[key][other], temperature)
            for query, key in pairs
        ]
        of_class.append((terms[0] + terms[1]) / 2)
    return of_class[0], of_class[1]
