"""The networks: raw sound through sinc filters, or through a self-supervised speech encoder.

Jung et al. 2022, "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention
Networks"; Tak et al. 2022, "Automatic speaker verification spoofing and deepfake detection using
wav2vec 2.0 and data augmentation", for the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.aasist.graph import Readout
from unmask.nn.sinc_filters import mel_filters
from unmask.nn.voice_graphs import Block

RATE = 16000
"""Samples a second."""
LENGTH = 64600
"""Samples of one clip, about 4 seconds."""
_FILTERS = 70


def _encoder(wide: int, shrink: int) -> nn.Sequential:
    """Six blocks (the RawNet2 encoder of section 2.1)."""
    widths = [1, 32, 32, wide, wide, wide, wide]
    return nn.Sequential(*(Block(a, b, shrink) for a, b in pairwise(widths)))


class Aasist(nn.Module):
    """AASIST on raw sound."""

    def __init__(
        self,
        channels: int = 64,
        graph: int = 64,
        keep: Sequence[float] = (0.5, 0.7, 0.5),
        temperatures: Sequence[float] = (2.0, 2.0, 100.0),
    ) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(_FILTERS), persistent=False)
        self.norm = nn.Sequential(nn.BatchNorm2d(1), nn.SELU())
        self.encoder = _encoder(channels, shrink=3)
        self.position = nn.Parameter(torch.randn(1, _FILTERS // 3, channels))
        self.readout = Readout(channels, graph, 32, keep, temperatures)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""
        bands = F.conv1d(sound[:, None], self.get_buffer("filters")).abs()
        map_ = self.encoder(self.norm(F.max_pool2d(bands[:, None], 3))).abs()
        result: dict[str, Tensor] = self.readout(
            map_.amax(3).transpose(1, 2) + self.position, map_.amax(2).transpose(1, 2)
        )
        return result


class SpeechAasist(nn.Module):
    """AASIST on the features of a speech encoder that is fine-tuned with it.

    ``front``: a wav2vec 2.0 or WavLM of transformers. Sound goes in as it is; like the authors'
    program, and unlike the encoder's own preparation, it is not brought to unit variance.
    """

    def __init__(self, front: nn.Module, width: int) -> None:
        super().__init__()
        self.front = front
        self.reduce = nn.Linear(width, 128)
        self.norm = nn.Sequential(nn.BatchNorm2d(1), nn.SELU())
        self.encoder = _encoder(64, shrink=1)
        self.after = nn.Sequential(nn.BatchNorm2d(64), nn.SELU())
        self.attend = nn.Sequential(
            nn.Conv2d(64, 128, 1), nn.SELU(), nn.BatchNorm2d(128), nn.Conv2d(128, 64, 1)
        )
        self.position = nn.Parameter(torch.randn(1, 128 // 3, 64))
        self.readout = Readout(64, 64, 32, (0.5, 0.5, 0.5), (2.0, 2.0, 100.0))

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""
        features = self.reduce(self.front(sound).last_hidden_state).transpose(1, 2)
        map_ = self.after(self.encoder(self.norm(F.max_pool2d(features[:, None], 3))))
        weights = self.attend(map_)
        spectral = (map_ * weights.softmax(3)).sum(3).transpose(1, 2) + self.position
        temporal = (map_ * weights.softmax(2)).sum(2).transpose(1, 2)
        result: dict[str, Tensor] = self.readout(spectral, temporal)
        return result
