"""The network: encoders of one kind, a linear classifier on each one's mean, and one on all scores.

Combei, Stan, Oneata and Cucu 2024, "WavLM model ensemble for audio deepfake detection", section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Member(nn.Module):
    """A frozen encoder and its classifier: samples (B, N) to one logit (B)."""

    def __init__(self, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.classify = nn.Linear(width, 1)

    def train(self, mode: bool = True) -> Member:
        """As ``Module.train``; the encoder stands still."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, sound: Tensor) -> Tensor:
        """By the mean over time of the last layer."""
        logit: Tensor = self.classify(self.encoder(sound).last_hidden_state.mean(1))[:, 0]
        return logit


class WavLmEnsemble(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card."""

    def __init__(self, encoders: Sequence[nn.Module], width: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(Member(encoder, width) for encoder in encoders)
        self.fuse = nn.Linear(len(encoders), 1)

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """``members`` are the probabilities of each that the last classifier weighs."""
        members = torch.stack([member(sound) for member in self.members], dim=1).sigmoid()
        return {"logit": self.fuse(members)[:, 0], "members": members}
