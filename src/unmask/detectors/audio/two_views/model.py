"""The network: frames of a speech encoder and cepstra of the same moments, fused, under graphs.

After El Kheir et al. 2025, "Two Views, One Truth: Spectral and Self-Supervised Features Fusion for
Robust Speech Deepfake Detection". No program of the authors is known; widths and heads are ours.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.cepstra import SHAPES, Cepstra
from unmask.nn.speech import SpeechFront
from unmask.nn.stacked_graphs import SpeechReadout

WIDTH = 128
_HEADS = 4


class Asking(nn.Module):
    """One view asks the other: each of its moments takes from all moments of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.join = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Both (B, T, 128); gives the first with what it found added."""

        def heads(x: Tensor) -> Tensor:
            return x.reshape(*x.shape[:2], _HEADS, -1).transpose(1, 2)

        query, key, value = (
            heads(layer(x))
            for layer, x in ((self.ask, asking), (self.key, asked), (self.value, asked))
        )
        found = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        result: Tensor = self.norm(asking + self.join(found))
        return result


class Fusion(nn.Module):
    """Two views of the same moments, (B, T, 128) each, to one.

    ``how``: "cross" (the encoder asks the cepstra), "mutual" (each asks the other), "concat", or
    "gate" (how much of the cepstra is added is decided for each moment and value).
    """

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.asking = nn.ModuleList(Asking() for _ in range({"cross": 1, "mutual": 2}.get(how, 0)))
        if how != "cross":
            self.join = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, learnt: Tensor, spectral: Tensor) -> Tensor:
        """The fused frames."""
        if self.how == "cross":
            result: Tensor = self.asking[0](learnt, spectral)
            return result
        if self.how == "gate":
            return learnt + self.gate(learnt, spectral) * spectral
        both = (learnt, spectral)
        if self.how == "mutual":
            both = self.asking[0](learnt, spectral), self.asking[1](spectral, learnt)
        joined: Tensor = self.join(torch.cat(both, dim=-1))
        return joined

    def gate(self, learnt: Tensor, spectral: Tensor) -> Tensor:
        """How far the gate is open to the cepstra, 0…1."""
        return torch.sigmoid(self.join(torch.cat([learnt, spectral], dim=-1)))


class TwoViews(SpeechReadout):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card. ``spectral``: of ``SHAPES``;
    ``depth`` and ``branches``: as ``SpeechReadout``."""

    def __init__(
        self, front: SpeechFront, spectral: str, how: str, depth: int = 6, branches: int = 2
    ) -> None:
        super().__init__(WIDTH, depth, branches)
        self.front = front
        self.cepstra = Cepstra(SHAPES[spectral])
        shape = SHAPES[spectral]
        self.learnt = nn.Linear(front.width, WIDTH)
        self.spectral = nn.Sequential(
            nn.LayerNorm(shape.coefficients * (1 + shape.deltas)),
            nn.Linear(shape.coefficients * (1 + shape.deltas), WIDTH),
        )
        self.fusion = Fusion(how)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """Cepstra are brought to the encoder's 50 frames a second."""
        learnt = self.learnt(self.front.last(sound))
        spectral = self.spectral(self.cepstra(sound)).unsqueeze(1)
        # As a picture: that way the coefficients stay where they are, and ONNX has it as one step.
        spectral = F.interpolate(spectral, size=learnt.shape[1:], mode="bilinear").squeeze(1)
        return self.read(self.fusion(learnt, spectral))
