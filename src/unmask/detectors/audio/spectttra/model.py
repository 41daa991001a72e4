"""The network: tokens of time and tokens of pitch in one transformer.

Rahman, Hakim, Sarker, Fattah and Paul 2025, "SONICS: Synthetic Or Not - Identifying Counterfeit
Songs", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.spectttra.spectrum import MELS, Spectrum


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes: columns of the spectrogram, width, layers and heads of the transformer."""

    frames: int = 3744
    width: int = 384
    layers: int = 12
    heads: int = 6
    wider: float = 2.67


class Slices(nn.Module):
    """A map (B, inside, length) in slices of ``step``, each a token with its learnt place."""

    def __init__(self, inside: int, length: int, step: int, width: int) -> None:
        super().__init__()
        self.cut = nn.Conv1d(inside, width, step, stride=step, bias=False)
        self.place = nn.Parameter(torch.randn(1, length // step, width) * 0.02)
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, length / step, width)."""
        tokens = F.gelu(self.cut(map_)).transpose(1, 2)
        result: Tensor = self.norm(tokens + self.place)
        return result


class SpecTTTra(nn.Module):
    """Samples (batch × n) → ``logit`` (batch) and ``features``.

    ``time`` and ``pitch``: columns and rows of the spectrogram that make a token.
    """

    def __init__(self, shape: Shape, time: int, pitch: int) -> None:
        super().__init__()
        from timm.models.vision_transformer import Block

        self.spectrum = Spectrum(shape.frames)
        self.time = Slices(MELS, shape.frames, time, shape.width)
        self.pitch = Slices(shape.frames, MELS, pitch, shape.width)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.ModuleList(
            Block(shape.width, shape.heads, mlp_ratio=shape.wider, qkv_bias=False, attn_drop=0.1)
            for _ in range(shape.layers)
        )
        self.classify = nn.Linear(shape.width, 1)

    def read(self, spectrum: Tensor) -> dict[str, Tensor]:
        """A spectrogram (B, 128, frames) to the outputs of the card."""
        both = [self.time(spectrum), self.pitch(spectrum.transpose(1, 2))]
        tokens = self.drop(torch.cat(both, dim=1))
        for block in self.blocks:
            tokens = block(tokens)
        features = tokens.mean(1)
        return {"logit": self.classify(features)[:, 0], "features": features}

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """Samples at 16 kHz, -1…1."""
        return self.read(self.spectrum(sound))
