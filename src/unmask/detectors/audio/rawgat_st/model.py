"""The network: raw sound, one graph of bands, one of moments, and a third of both.

Tak, Jung, Patino, Kamble, Todisco and Evans 2021, "End-to-End Spectro-Temporal Graph Attention
Networks for Speaker Verification Anti-Spoofing and Speech Deepfake Detection", sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.sinc_filters import mel_filters
from unmask.nn.voice_graphs import Block, GraphAttention, GraphPool

FILTERS = 70
_MASKED = 14
WIDTHS = (1, 32, 32, 64, 64, 64, 64)
_NODES, _GRAPH, _JOINED, _LEFT = 12, 32, 16, 7
_KEEP = {"spectral": 0.64, "temporal": 0.81}


class Side(nn.Module):
    """One of the two graphs: an encoder of its own, attention, pooling, a count of nodes.

    ``nodes``: how many it has before pooling; ``over``: the axis of the map that is folded;
    ``widths``: channels of the map before and after each block.
    """

    def __init__(self, nodes: int, keep: float, over: int, widths: Sequence[int]) -> None:
        super().__init__()
        blocks = [Block(a, b, 3, plain=a == 1) for a, b in pairwise(widths)]
        self.encoder = nn.Sequential(*blocks)
        self.attention = GraphAttention(widths[-1], _GRAPH, temperature=1.0)
        self.pool = GraphPool(_GRAPH, keep)
        self.align = nn.Linear(int(nodes * keep), _NODES)
        self.over = over

    def forward(self, x: Tensor) -> Tensor:
        """The map (B, 1, F, T) to (B, 32, 12)."""
        nodes = self.encoder(x).abs().amax(self.over).transpose(1, 2)
        result: Tensor = self.align(self.pool(self.attention(nodes)).transpose(1, 2))
        return result


class RawGatSt(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card.

    ``joined``: how the two graphs become one: "mul", "add" or "cat". ``moments``: how many nodes
    the temporal graph has, 29 for 64,600 samples. ``widths``: channels before and after each block
    of both encoders. In training a run of up to 13 of the 70 filters is silent, drawn once a batch.
    """

    def __init__(
        self, joined: str = "mul", moments: int = 29, widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__()
        self.joined = joined
        self.register_buffer("filters", mel_filters(FILTERS, 129), persistent=False)
        self.norm = nn.Sequential(nn.BatchNorm2d(1), nn.SELU())
        self.spectral = Side(FILTERS // 3, _KEEP["spectral"], over=3, widths=widths)
        self.temporal = Side(moments, _KEEP["temporal"], over=2, widths=widths)
        double = 2 if joined == "cat" else 1
        self.attention = GraphAttention(double * _GRAPH, double * _JOINED, temperature=1.0)
        self.pool = GraphPool(double * _JOINED, _KEEP["spectral"])
        self.reduce = nn.Linear(double * _JOINED, 1)
        self.classify = nn.Linear(_LEFT, 2)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """``classes`` are scores: bona fide, forged."""
        filters = self.get_buffer("filters")
        bands = F.conv1d(sound[:, None], masked(filters) if self.training else filters).abs()
        seen = self.norm(F.max_pool2d(bands[:, None], 3))
        sides = self.spectral(seen), self.temporal(seen)
        if self.joined == "cat":
            nodes = torch.cat(sides, dim=1)
        else:
            nodes = sides[0] * sides[1] if self.joined == "mul" else sides[0] + sides[1]
        kept = self.pool(self.attention(nodes.transpose(1, 2)))
        features = self.reduce(kept).flatten(1)
        classes = self.classify(features)
        return {"logit": classes[:, 1] - classes[:, 0], "classes": classes, "features": features}


def masked(filters: Tensor) -> Tensor:
    """Filters of which a run of 0 to 13 neighbours is silent."""
    count = int(torch.randint(_MASKED, ()))
    start = int(torch.randint(len(filters) - count + 1, ()))
    place = torch.arange(len(filters), device=filters.device)[:, None, None]
    return filters * ~((place >= start) & (place < start + count))
