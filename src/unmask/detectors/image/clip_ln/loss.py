"""What orders the features on the sphere, and new ones between those of a class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def alignment(features: Tensor, label: Tensor) -> Tensor:
    """Mean squared distance of pairs of one class: features (B, C) of length one, labels (B).

    Wang and Isola 2020, "Understanding Contrastive Representation Learning through Alignment and
    Uniformity on the Hypersphere", section 4.1. 0 where no class has two.
    """
    first, second = torch.triu_indices(len(features), len(features), 1, device=features.device)
    same = label[first] == label[second]
    if not bool(same.any()):
        return features.sum() * 0
    squares = (features[first[same]] - features[second[same]]).square().sum(1)
    return squares.mean()


def uniformity(features: Tensor, temperature: float = 2.0) -> Tensor:
    """Logarithm of the mean of exp(-temperature × squared distance) over all pairs (the same)."""
    first, second = torch.triu_indices(len(features), len(features), 1, device=features.device)
    if not len(first):
        return features.sum() * 0
    squares = (features[first] - features[second]).square().sum(1)
    return (-temperature * squares).exp().mean().clamp(min=1e-6).log()


def between(one: Tensor, two: Tensor, share: Tensor) -> Tensor:
    """Points of great circles: from ``one`` (B, C) a share (B, 1) of the way to ``two``.

    Shoemake 1985. Points that lie together or opposite are kept apart by rounding's width.
    """
    one, two = F.normalize(one), F.normalize(two)
    angle = (one * two).sum(1, keepdim=True).clamp(-1 + 1e-7, 1 - 1e-7).acos()
    sine = angle.sin()
    return ((1 - share) * angle).sin() / sine * one + (share * angle).sin() / sine * two


def mixed(features: Tensor, label: Tensor) -> Tensor:
    """Each feature moved a random share of the way to a random one of its class.

    Classes with one member stay.
    """
    result = features.clone()
    for value in sorted(set(label.tolist())):
        places = torch.nonzero(label == value)[:, 0]
        if len(places) > 1:
            mates = places[torch.randperm(len(places), device=places.device)]
            share = torch.rand(len(places), 1, device=features.device, dtype=features.dtype)
            result[places] = between(features[places], features[mates], share)
    return result
