"""What tells drawn from given (Cao et al. 2022, sections 3.2 and 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def patches(x: Tensor, side: int) -> Tensor:
    """A map (B, C, h·side, w·side) as (B, side², h·w, C): what lies below each place."""
    batch, width, height, across = x.shape
    parts = x.reshape(batch, width, height // side, side, across // side, side)
    return parts.permute(0, 3, 5, 2, 4, 1).reshape(
        batch, side * side, (height // side) * (across // side), width
    )


def _plain(taken: int, given: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(taken, given, bias=False), nn.ReLU(), nn.Linear(given, given, bias=False)
    )


class Below(nn.Module):
    """What a place takes of the ``side``² places of a finer map below it, (B, N, ``given``).

    ``own``: width of the place's own vector, ``taken``: of the finer map.
    """

    def __init__(self, side: int, own: int, taken: int, given: int) -> None:
        super().__init__()
        self.side = side
        self.embed = _plain(taken, given)
        self.weigh = nn.Linear(own + given, 1, bias=False)

    def forward(self, vectors: Tensor, finer: Tensor) -> Tensor:
        """Weights of the places below add up to one; those below 0 count as 0 before."""
        parts = self.embed(patches(finer, self.side))
        own = vectors[:, None].expand(-1, parts.shape[1], -1, -1)
        weights = F.relu(self.weigh(torch.cat([own, parts], -1))).softmax(1)
        taken: Tensor = (weights * parts).sum(1)
        return taken


class GraphReasoning(nn.Module):
    """The encoder's map (B, 728, h, w) with what the decoder's two maps show below each place.

    The finer maps have 256 channels at twice and 128 at four times the sides. Returns what is
    added to the encoder's map.
    """

    def __init__(self, drop: float, width: int = 728, given: int = 256) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            nn.Conv2d(width, given, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(given, given, 1, bias=False),
        )
        self.gate_near = nn.Conv2d(width, given, 1, bias=False)
        self.gate_far = nn.Conv2d(width, given, 1, bias=False)
        self.near = Below(2, given, 256, given)
        self.far = Below(4, given, 128, given)
        self.project = nn.Sequential(
            nn.Conv2d(3 * given, width, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(width, width, 1, bias=False),
            nn.Dropout(drop),
        )

    def forward(self, seen: Tensor, near: Tensor, far: Tensor) -> Tensor:
        """As wide and as large as ``seen``."""
        own = self.embed(seen)
        vectors = own.flatten(2).transpose(1, 2)
        parts = []
        for below, gate, finer in (
            (self.near, self.gate_near, near),
            (self.far, self.gate_far, far),
        ):
            found = below(vectors, finer).transpose(1, 2).reshape(own.shape)
            parts.append(found * (1 - torch.sigmoid(gate(seen))))
        joined: Tensor = self.project(torch.sigmoid(torch.cat([*parts, own], 1)))
        return joined


class GuidedAttention(nn.Module):
    """A map (B, ``width``, h, w) weighed by where the drawn face differs from the given one."""

    def __init__(self, drop: float, width: int = 728) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Conv2d(3, 3, 3, padding=1, bias=False),
            nn.ReLU(),
            nn.Conv2d(3, 1, 1, bias=False),
            nn.Sigmoid(),
        )
        self.change = nn.Sequential(
            nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.drop = nn.Dropout(drop)

    def forward(self, face: Tensor, drawn: Tensor, seen: Tensor) -> Tensor:
        """Faces (B, 3, H, W) in -1…1; the map keeps its shape."""
        apart = (face - drawn).abs()
        small = F.interpolate(apart, seen.shape[-2:], mode="bilinear", align_corners=True)
        weighed: Tensor = self.gate(small) * self.change(seen) + self.drop(seen)
        return weighed
