"""F3-Net's branch of decomposed frequencies before an Xception, as DeepfakeBench has it."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from unmask.detectors.image.f3net.bands import Bands
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import take, xception

SIDE = 256


class F3Net(nn.Module):
    """Face (batch × 3 × side × side, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: the Xception from timm's ImageNet weights or a file; its first convolution takes
    the mean over the four bands then. ``middle``: blocks of the middle flow.
    """

    def __init__(self, side: int = SIDE, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.bands = Bands(side)
        self.net = xception(pretrained, classes=2, bare=False, drop=0.5, middle=middle)
        take(self.net, self.net.conv1.weight.detach().repeat(1, 4, 1, 1) / 4)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the two outputs."""
        real, forged = self.net(self.bands(self.pixels(face))).unbind(1)
        return {"logit": forged - real}
