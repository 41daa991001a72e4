"""An Xception with two outputs that gives its features too (Ni et al. 2022, section 3.1)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import xception


class Core(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch), ``features`` (batch × 2048).

    ``pretrained``: from timm's ImageNet weights, or from those of a file. ``middle``: blocks of the
    middle flow.
    """

    def __init__(self, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.net = xception(pretrained, classes=2, bare=False, middle=middle)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery; ``features``: what consistency is asked of."""
        features = self.net.forward_features(self.pixels(face)).mean((2, 3))
        real, forged = self.net.fc(features).unbind(1)
        return {"logit": forged - real, "features": features}
