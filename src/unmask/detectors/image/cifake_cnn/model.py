"""The network: two convolutions and a dense layer on 32 × 32 pixels.

After Bird and Lotfi 2024, "CIFAKE: Image Classification and Explainable Identification of
AI-Generated Synthetic Images", section IV.
"""

from __future__ import annotations

from torch import Tensor, nn

SIDE = 32


class CifakeCnn(nn.Module):
    """Picture (batch × 3 × 32 × 32, RGB 0…255) → ``logit`` (batch)."""

    def __init__(self, filters: int = 32, dense: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(3, filters, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2)),
        )
        inside = filters * 6 * 6
        self.dense = nn.Sequential(nn.Linear(inside, dense), nn.ReLU(), nn.Linear(dense, 1))

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of a generated picture before calibration."""
        return {"logit": self.dense(self.layers(picture / 255).flatten(1))[:, 0]}
