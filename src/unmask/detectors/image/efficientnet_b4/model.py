"""EfficientNet-B4 (Tan and Le 2019) with two outputs, as DeepfakeBench judges faces with it."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from unmask.nn.efficientnet import efficientnet
from unmask.nn.pixels import HALF, Pixels

BACKBONE = "tf_efficientnet_b4.aa_in1k"
_MADE_FOR = 380
"""Side for which the rims of the convolutions were worked out, whatever faces come."""


class FaceEfficientNet(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: from ImageNet weights, but for the first convolution, which the benchmark puts
    in anew after it has loaded them, and without a rim. ``backbone``: timm's name.
    """

    def __init__(self, pretrained: bool = False, backbone: str = BACKBONE) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        net: Any = efficientnet(
            backbone, _MADE_FOR, pretrained, num_classes=2, drop_rate=0.0, drop_path_rate=0.2
        )
        net.conv_stem = nn.Conv2d(3, net.conv_stem.out_channels, 3, 2, bias=False)
        self.net = net

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the two outputs."""
        real, forged = self.net(self.pixels(face)).unbind(1)
        return {"logit": forged - real}
