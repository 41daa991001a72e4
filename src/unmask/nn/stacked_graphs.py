"""Two graphs of a voice stacked into one, their readout, and the readout of a speech encoder.

Jung et al. 2022, "AASIST", sections 2.2 to 2.4; Tak et al. 2022, "Automatic speaker verification
spoofing and deepfake detection using wav2vec 2.0 and data augmentation", section 3, for the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.alike import alike
from unmask.nn.voice_graphs import GraphAttention, GraphPool, blocks, normed, pair_weight


class StackAttention(nn.Module):
    """Temporal and spectral nodes in one graph, and a stack node that collects from both.

    The weight of a compared pair depends on the kinds of its two nodes (heterogeneous stacking
    graph attention, section 2.3). The stack node hears all and is heard by none.
    """

    def __init__(self, inside: int, outside: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.temporal = nn.Linear(inside, inside)
        self.spectral = nn.Linear(inside, inside)
        self.compare = nn.Linear(inside, outside)
        self.weigh_temporal = pair_weight(outside)
        self.weigh_spectral = pair_weight(outside)
        self.weigh_across = pair_weight(outside)
        self.heard = nn.Linear(inside, outside)
        self.own = nn.Linear(inside, outside)
        self.stack_compare = nn.Linear(inside, outside)
        self.stack_weigh = pair_weight(outside)
        self.stack_heard = nn.Linear(inside, outside)
        self.stack_own = nn.Linear(inside, outside)
        self.norm = nn.BatchNorm1d(outside)
        self.drop = nn.Dropout(0.2)
        self.act = nn.SELU()

    def forward(
        self, temporal: Tensor, spectral: Tensor, stack: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Temporal nodes (B, T, C), spectral ones (B, S, C) and the stack (B, 1, C), once more."""
        times, bands = temporal.shape[1], spectral.shape[1]
        nodes = torch.cat([self.temporal(temporal), self.spectral(spectral)], dim=1)
        nodes = self.drop(nodes)
        pairs = torch.tanh(self.compare(nodes.unsqueeze(2) * nodes.unsqueeze(1)))
        weights = torch.cat([self.weigh_temporal, self.weigh_spectral, self.weigh_across], dim=1)
        scores = ((pairs @ weights) * _kinds(times, bands, pairs)).sum(-1)
        attention = scores.div(self.temperature).softmax(-1)

        likeness = torch.tanh(self.stack_compare(nodes * stack)) @ self.stack_weigh
        share = likeness.div(self.temperature).softmax(1).transpose(1, 2)
        stack = self.stack_heard(share @ nodes) + self.stack_own(stack)

        mixed = self.act(normed(self.norm, self.heard(attention @ nodes) + self.own(nodes)))
        temporal, spectral = mixed.split([times, bands], dim=1)
        return temporal, spectral, stack


def _kinds(times: int, bands: int, like: Tensor) -> Tensor:
    """1 where a pair of nodes is of the kind, else 0: two temporal, two spectral, one of each;
    (T + S, T + S, 3)."""
    temporal = (np.arange(times + bands) < times).astype(np.float32)
    count = temporal[:, None] + temporal
    kinds = np.stack([count == 2, count == 0, count == 1], axis=-1).astype(np.float32)
    return alike(torch.from_numpy(kinds), like)


class Branch(nn.Module):
    """One of the two parallel branches: stack attention, pooling, stack attention with a bypass."""

    def __init__(self, inside: int, outside: int, temperature: float, keep: float) -> None:
        super().__init__()
        self.stack = nn.Parameter(torch.randn(1, 1, inside))
        self.first = StackAttention(inside, outside, temperature)
        self.pool_temporal = GraphPool(outside, keep)
        self.pool_spectral = GraphPool(outside, keep)
        self.second = StackAttention(outside, outside, temperature)
        self.drop = nn.Dropout(0.2)

    def forward(self, temporal: Tensor, spectral: Tensor) -> list[Tensor]:
        """Temporal nodes, spectral nodes and stack node of this branch."""
        temporal, spectral, stack = self.first(temporal, spectral, self.stack)
        temporal, spectral = self.pool_temporal(temporal), self.pool_spectral(spectral)
        more = self.second(temporal, spectral, stack)
        return [self.drop(a + b) for a, b in zip((temporal, spectral, stack), more, strict=True)]


class Readout(nn.Module):
    """Nodes of a spectral and a temporal graph to two scores.

    ``graph``, ``hidden``: channels of the plain graphs and of the stacked ones. ``keep``: shares
    of nodes that pooling leaves in the spectral, the temporal and the stacked graphs. ``branches``:
    how many stand side by side.
    """

    def __init__(
        self,
        channels: int,
        graph: int,
        hidden: int,
        keep: Sequence[float],
        temperatures: Sequence[float],
        branches: int = 2,
    ) -> None:
        super().__init__()
        self.spectral = GraphAttention(channels, graph, temperatures[0])
        self.temporal = GraphAttention(channels, graph, temperatures[1])
        self.pool_spectral = GraphPool(graph, keep[0])
        self.pool_temporal = GraphPool(graph, keep[1])
        self.branches = nn.ModuleList(
            Branch(graph, hidden, temperatures[2], keep[2]) for _ in range(branches)
        )
        self.drop = nn.Dropout(0.5)
        self.classes = nn.Linear(5 * hidden, 2)

    def forward(self, spectral: Tensor, temporal: Tensor) -> dict[str, Tensor]:
        """Nodes (B, S, C) and (B, T, C) to ``logit``, ``classes`` and ``features``."""
        spectral = self.pool_spectral(self.spectral(spectral))
        temporal = self.pool_temporal(self.temporal(temporal))
        both = [branch(temporal, spectral) for branch in self.branches]
        temporal, spectral, stack = (
            reduce(torch.maximum, each) for each in zip(*both, strict=True)
        )
        features = torch.cat(
            [
                temporal.abs().amax(1),
                temporal.mean(1),
                spectral.abs().amax(1),
                spectral.mean(1),
                stack.squeeze(1),
            ],
            dim=1,
        )
        classes = self.classes(self.drop(features))
        real, forged = classes.unbind(1)
        return {
            "logit": forged - real,
            "classes": classes,
            "features": features,
        }


class SpeechReadout(nn.Module):
    """The frames of a speech encoder, ``width`` values each, to two scores by AASIST's graphs.

    ``depth``: blocks that make the map of the graphs; ``branches``: of the stacked graphs.
    """

    def __init__(self, width: int, depth: int = 6, branches: int = 2) -> None:
        super().__init__()
        self.reduce = nn.Linear(width, 128)
        self.norm = nn.Sequential(nn.BatchNorm2d(1), nn.SELU())
        self.encoder = blocks(64, 1, depth)
        self.after = nn.Sequential(nn.BatchNorm2d(64), nn.SELU())
        self.attend = nn.Sequential(
            nn.Conv2d(64, 128, 1), nn.SELU(), nn.BatchNorm2d(128), nn.Conv2d(128, 64, 1)
        )
        self.position = nn.Parameter(torch.randn(1, 128 // 3, 64))
        self.readout = Readout(64, 64, 32, (0.5, 0.5, 0.5), (2.0, 2.0, 100.0), branches)

    def read(self, frames: Tensor) -> dict[str, Tensor]:
        """Frames (B, T, C) to ``logit``, ``classes`` and ``features``."""
        features = self.reduce(frames).transpose(1, 2)
        map_ = self.after(self.encoder(self.norm(F.max_pool2d(features.unsqueeze(1), 3))))
        weights = self.attend(map_)
        spectral = (map_ * weights.softmax(3)).sum(3).transpose(1, 2) + self.position
        temporal = (map_ * weights.softmax(2)).sum(2).transpose(1, 2)
        result: dict[str, Tensor] = self.readout(spectral, temporal)
        return result
