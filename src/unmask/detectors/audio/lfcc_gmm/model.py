"""The network: frames of cepstra under two mixtures, and the difference of their likelihoods.

Frank and Schönherr 2021, "WaveFake", section 4; the baseline of ASVspoof 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.nn.mixture import Mixture


class LfccGmm(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card.

    ``started``: whether each mixture (real, forged) was laid on frames of its class.
    """

    started: Tensor

    def __init__(self, front: nn.Module, width: int, count: int) -> None:
        super().__init__()
        self.front = front
        self.real = Mixture(count, width)
        self.forged = Mixture(count, width)
        self.register_buffer("started", torch.zeros(2))

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """The mean over the frames of log-likelihood forged less log-likelihood real."""
        frames = self.front(sound)
        real, forged = self.real(frames).mean(-1), self.forged(frames).mean(-1)
        return {"logit": forged - real, "likelihoods": torch.stack([real, forged], 1)}
