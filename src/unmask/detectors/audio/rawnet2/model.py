"""The network: fixed filters on raw sound, residual blocks that scale their channels, a GRU.

Tak, Patino, Todisco, Nautsch, Evans and Larcher 2021, "End-to-End anti-spoofing with RawNet2",
section 3, in the form that ASVspoof 2021 gave out as a baseline and WaveFake took over.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.aasist.model import LENGTH, RATE
from unmask.nn.sinc_filters import mel_filters

__all__ = ["LENGTH", "RATE", "RawNet2", "Shape"]

_FILTERS, _TAPS = 20, 1025


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels of the late blocks, width and layers of the GRU, width of the readout."""

    late: int = 128
    gru: int = 1024
    layers: int = 3
    readout: int = 1024


class Block(nn.Module):
    """Two convolutions with a bypass; a third of the time is left, and channels are scaled.

    The authors' program also normalises what goes into the first convolution and then hands it the
    plain input; their results and checkpoint are of the plain one, and so is this.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inside, outside, 3, padding=1)
        self.between = nn.BatchNorm1d(outside)
        self.conv2 = nn.Conv1d(outside, outside, 3, padding=1)
        self.bypass = nn.Identity() if inside == outside else nn.Conv1d(inside, outside, 1)
        self.scale = nn.Linear(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, T) to (B, outside, T / 3)."""
        inner = self.conv2(F.leaky_relu(self.between(self.conv1(x)), 0.3))
        pooled = F.max_pool1d(inner + self.bypass(x), 3)
        scale = self.scale(pooled.mean(-1)).sigmoid()[..., None]
        out: Tensor = pooled * scale + scale
        return out


class RawNet2(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        shape = shape or Shape()
        self.register_buffer("filters", mel_filters(_FILTERS, _TAPS), persistent=False)
        self.norm = nn.BatchNorm1d(_FILTERS)
        widths = [*[_FILTERS] * 3, *[shape.late] * 4]
        self.blocks = nn.ModuleList(Block(a, b) for a, b in pairwise(widths))
        self.norm_late = nn.BatchNorm1d(shape.late)
        self.gru = nn.GRU(shape.late, shape.gru, shape.layers, batch_first=True)
        self.readout = nn.Linear(shape.gru, shape.readout)
        self.classify = nn.Linear(shape.readout, 2)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """``classes`` are log-probabilities: bona fide, forged."""
        bands = F.conv1d(sound[:, None], self.get_buffer("filters")).abs()
        x = F.selu(self.norm(F.max_pool1d(bands, 3)))
        for block in self.blocks:
            x = block(x)
        along, _ = self.gru(F.selu(self.norm_late(x)).transpose(1, 2))
        features = self.readout(along[:, -1])
        classes = self.classify(features).log_softmax(1)
        return {"logit": classes[:, 1] - classes[:, 0], "classes": classes, "features": features}
