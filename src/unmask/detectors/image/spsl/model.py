"""An Xception that sees the phase beside the picture (Liu et al. 2021, section 3)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from unmask.detectors.image.spsl.phase import Phase
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import take, xception

SIDE = 256


class SPSL(nn.Module):
    """Face (batch × 3 × side × side, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: the Xception from timm's ImageNet weights or a file; all four channels begin
    with the mean of its colours. ``middle``: blocks of the middle flow, none in the paper.
    """

    def __init__(self, side: int = SIDE, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.phase = Phase(side)
        self.net = xception(pretrained, classes=2, bare=False, middle=middle)
        take(self.net, self.net.conv1.weight.detach().mean(1, keepdim=True).repeat(1, 4, 1, 1))

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the two outputs."""
        x = self.pixels(face)
        real, forged = self.net(torch.cat([x, self.phase(x)], 1)).unbind(1)
        return {"logit": forged - real}
