"""Two small recurrent networks, on points and on their steps (Sun et al. 2021, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

POINTS, FRAMES = 68, 30
_WIDTH, _HIDDEN = 32, 64
_POINTS_DROPPED, _DROPPED = 0.1, 0.5


class Branch(nn.Module):
    """Values (B, T, 136) to two classes: real, forged (B, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.randn(2, 1, _WIDTH))
        self.gru = nn.GRU(2 * POINTS, _WIDTH, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(_DROPPED)
        self.further = nn.Sequential(
            nn.Linear(2 * _WIDTH, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(_DROPPED),
            nn.Linear(_HIDDEN, 2 * _WIDTH),
        )
        self.classify = nn.Linear(2 * _WIDTH, 2)

    def forward(self, values: Tensor) -> Tensor:
        """Logits. In training a tenth of the points is missing, the same in the whole batch."""
        if self.training:
            kept = torch.rand(POINTS, device=values.device) >= _POINTS_DROPPED
            values = values * kept.repeat_interleave(2) / (1 - _POINTS_DROPPED)
        _, last = self.gru(values, self.start.expand(-1, values.shape[0], -1).contiguous())
        seen = self.drop(torch.cat([last[0], last[1]], 1))
        classes: Tensor = self.classify(self.drop(self.further(seen) + seen))
        return classes


class LRNet(nn.Module):
    """Points (batch × 30 × 136) → ``logit`` (batch), and ``places`` and ``steps`` (batch × 2 each):
    logits of real and forged of both branches.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places = Branch()
        self.steps = Branch()

    def forward(self, points: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of the mean of both probabilities."""
        places, steps = self.places(points), self.steps(points[:, 1:] - points[:, :-1])
        chance = (places.softmax(1) + steps.softmax(1)) / 2
        real, forged = chance.clamp(min=1e-7).log().unbind(1)
        return {"logit": forged - real, "places": places, "steps": steps}
