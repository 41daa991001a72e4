"""Graphs over the bands and moments of a voice, and the blocks that make their map.

Tak et al. 2021, "End-to-end spectro-temporal graph attention networks for speaker verification
anti-spoofing and speech deepfake detection", sections 3 and 4; Jung et al. 2022, "AASIST", section
2.1, for blocks and attention with a temperature.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def pair_weight(width: int) -> nn.Parameter:
    """What turns a compared pair of nodes into one number, (width, 1)."""
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(width, 1)))


def normed(norm: nn.BatchNorm1d, nodes: Tensor) -> Tensor:
    """Batch norm over the channels of all nodes, batch × nodes × channels."""
    result: Tensor = norm(nodes.transpose(1, 2)).transpose(1, 2)
    return result


class GraphAttention(nn.Module):
    """Every node hears all nodes of its graph: (B, N, ``inside``) to (B, N, ``outside``)."""

    def __init__(self, inside: int, outside: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.compare = nn.Linear(inside, outside)
        self.weigh = pair_weight(outside)
        self.heard = nn.Linear(inside, outside)
        self.own = nn.Linear(inside, outside)
        self.norm = nn.BatchNorm1d(outside)
        self.drop = nn.Dropout(0.2)
        self.act = nn.SELU()

    def forward(self, nodes: Tensor) -> Tensor:
        """Nodes after one round."""
        nodes = self.drop(nodes)
        pairs = torch.tanh(self.compare(nodes.unsqueeze(2) * nodes.unsqueeze(1)))
        attention = (pairs @ self.weigh).squeeze(-1).div(self.temperature).softmax(-1)
        mixed = self.heard(attention @ nodes) + self.own(nodes)
        result: Tensor = self.act(normed(self.norm, mixed))
        return result


class GraphPool(nn.Module):
    """Keeps the share ``keep`` of nodes that a learnt score puts first, times that score."""

    def __init__(self, width: int, keep: float) -> None:
        super().__init__()
        self.keep = keep
        self.score = nn.Linear(width, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, nodes: Tensor) -> Tensor:
        """Fewer nodes, best first."""
        scores = torch.sigmoid(self.score(self.drop(nodes)))
        count = max(int(nodes.shape[1] * self.keep), 1)
        chosen = scores.topk(count, dim=1).indices.expand(-1, -1, nodes.shape[2])
        return (nodes * scores).gather(1, chosen)


class Block(nn.Module):
    """Two convolutions with a bypass over spectrum × time; time shrinks by ``shrink``.

    ``plain``: what comes in is added as it is, a single map to all.

    The authors' programs also normalise what goes into the first convolution and then hand it the
    plain input; their results and checkpoints are of the plain one, and so is this.
    """

    def __init__(self, inside: int, outside: int, shrink: int, plain: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, (2, 3), padding=(1, 1))
        self.between = nn.Sequential(nn.BatchNorm2d(outside), nn.SELU())
        self.conv2 = nn.Conv2d(outside, outside, (2, 3), padding=(0, 1))
        same = plain or inside == outside
        self.bypass = nn.Identity() if same else nn.Conv2d(inside, outside, (1, 3), padding=(0, 1))
        self.pool = nn.MaxPool2d((1, shrink)) if shrink > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, F, T) to (B, outside, F, T / shrink)."""
        inner = self.conv2(self.between(self.conv1(x)))
        result: Tensor = self.pool(inner + self.bypass(x))
        return result


def blocks(wide: int, shrink: int, depth: int = 6) -> nn.Sequential:
    """Six of them (the RawNet2 encoder of AASIST's section 2.1), to ``wide`` maps.

    With a smaller ``depth`` as many of the last.
    """
    widths = [1, *[32, 32, wide, wide, wide, wide][-depth:]]
    return nn.Sequential(*(Block(a, b, shrink) for a, b in pairwise(widths)))
