"""The network: raw sound through sinc filters, residual blocks and graphs.

Jung et al. 2022, "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention
Networks".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.sinc_filters import mel_filters
from unmask.nn.stacked_graphs import Readout
from unmask.nn.voice_graphs import blocks

RATE = 16000
"""Samples a second."""
LENGTH = 64600
"""Samples of one clip, about 4 seconds."""
_FILTERS = 70


class Aasist(nn.Module):
    """AASIST on raw sound. ``graphs``: blocks before the graphs, and branches of them."""

    def __init__(
        self,
        channels: int = 64,
        graph: int = 64,
        keep: Sequence[float] = (0.5, 0.7, 0.5),
        temperatures: Sequence[float] = (2.0, 2.0, 100.0),
        graphs: tuple[int, int] = (6, 2),
    ) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(_FILTERS), persistent=False)
        self.norm = nn.Sequential(nn.BatchNorm2d(1), nn.SELU())
        self.encoder = blocks(channels, 3, graphs[0])
        self.position = nn.Parameter(torch.randn(1, _FILTERS // 3, channels))
        self.readout = Readout(channels, graph, 32, keep, temperatures, graphs[1])

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""
        bands = F.conv1d(sound[:, None], self.get_buffer("filters")).abs()
        map_ = self.encoder(self.norm(F.max_pool2d(bands[:, None], 3))).abs()
        result: dict[str, Tensor] = self.readout(
            map_.amax(3).transpose(1, 2) + self.position, map_.amax(2).transpose(1, 2)
        )
        return result
