"""Xception (Chollet 2017) with two outputs, as Rössler et al. 2019 (section 4) judge faces."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import xception


class FaceXception(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: from timm's ImageNet weights, or from those of a file. ``middle``: blocks of the
    middle flow.
    """

    def __init__(self, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.net = xception(pretrained, classes=2, bare=False, middle=middle)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the two outputs."""
        real, forged = self.net(self.pixels(face)).unbind(1)
        return {"logit": forged - real}
