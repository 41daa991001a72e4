"""An Xception that draws the face again from its middle, and looks where that fails (Cao 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.recce.blocks import GraphReasoning, GuidedAttention
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import WIDTHS, block, separable, xception

_DROP = 0.2
_NOISE = 1e-6


def _finer(taken: int, given: int) -> nn.Sequential:
    """Twice as large and fewer channels."""
    return nn.Sequential(
        nn.UpsamplingNearest2d(scale_factor=2),
        separable(taken, given),
        nn.BatchNorm2d(given),
        nn.ReLU(),
    )


class Recce(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: the Xception from timm's ImageNet weights or a file; ``sizes``: its own, as
    ``xception`` takes them.
    """

    net: Any

    def __init__(self, pretrained: bool | Path = False, **sizes: Any) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.net = xception(pretrained, classes=2, bare=False, drop=_DROP, **sizes)
        width = WIDTHS[3] // sizes.get("thin", 1)
        self.widths = [width, 256, 128]
        """Of the parts of ``seen``."""
        self.attention = GuidedAttention(_DROP, width)
        self.reasoning = GraphReasoning(_DROP, width)
        self.drop = nn.Dropout(_DROP)
        self.first = nn.Sequential(_finer(width, 256), block(256))
        self.second = nn.Sequential(_finer(256, 128), block(128))
        self.third = nn.Sequential(_finer(128, 64), nn.Conv2d(64, 3, 1, bias=False), nn.Tanh())

    def _blocks(self, first: int, last: int, x: Tensor) -> Tensor:
        for number in range(first, last + 1):
            x = getattr(self.net, f"block{number}")(x)
        return x

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery. ``drawn``: the face again, -1…1. In training also
        ``seen``: means over the places of the encoder's and the decoder's maps, side by side
        (batch × the sum of ``widths``).
        """
        given = self.pixels(face)
        net = self.net
        x = net.act1(net.bn1(net.conv1(_disturbed(given) if self.training else given)))
        x = self._blocks(1, 4, net.act2(net.bn2(net.conv2(x))))
        near = self.first(self.drop(x))
        far = self.second(near)
        drawn = F.interpolate(
            self.third(far), given.shape[-2:], mode="bilinear", align_corners=True
        )
        means = torch.cat([part.mean((2, 3)) for part in (x, near, far)], 1)
        x = self._blocks(5, 7, x)
        x = self._blocks(8, 8, self.reasoning(x, near, far) + x)
        x = self._blocks(9, 12, self.attention(given, drawn, x))
        x = net.act3(net.bn3(net.conv3(x)))
        classes = net.forward_head(net.act4(net.bn4(net.conv4(x))))
        outputs = {"logit": classes[:, 1] - classes[:, 0], "drawn": drawn}
        return outputs | {"seen": means} if self.training else outputs


def _disturbed(face: Tensor) -> Tensor:
    """Half of the faces with a trace of noise."""
    chosen = (torch.rand(len(face), 1, 1, 1, device=face.device) > 0.5).to(face)
    return (face + _NOISE * torch.randn_like(face) * chosen).clamp(-1, 1)
