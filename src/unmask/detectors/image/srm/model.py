"""Two Xceptions, of the picture and of its noise, that look at each other (Luo et al. 2021)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from unmask.detectors.image.srm.blocks import (
    LIMIT,
    CrossAttention,
    Fusion,
    NoiseAttention,
    ResidualsOfFeatures,
)
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.srm import SRM
from unmask.nn.xception import WIDTHS, xception

SIDE = 256


def places(side: int) -> int:
    """Places of the map of an Xception's entry flow for a face of ``side`` pixels."""
    after = (side - 3) // 2 - 1
    for _ in range(3):
        after = -(-after // 2)
    return after**2


def _blocks(network: Any, first: int, last: int, x: Tensor) -> Tensor:
    for number in range(first, last + 1):
        x = getattr(network, f"block{number}")(x)
    return x


def _exit(network: Any, x: Tensor) -> Tensor:
    x = network.act3(network.bn3(network.conv3(x)))
    result: Tensor = network.bn4(network.conv4(x))
    return result


class TwoStreams(nn.Module):
    """Face (batch × 3 × side × side, RGB 0…255) → ``logit`` (batch) and ``classes`` (batch × 2).

    ``pretrained``: both Xceptions from timm's ImageNet weights or a file; ``sizes``: theirs, as
    ``xception`` takes them.
    """

    def __init__(self, side: int = SIDE, pretrained: bool | Path = False, **sizes: Any) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.residuals = SRM(3, LIMIT)
        self.picture = xception(pretrained, classes=2, bare=False, **sizes)
        self.noise = xception(pretrained, **sizes)
        stem, _, _, middle, *_ = (width // sizes.get("thin", 1) for width in WIDTHS)
        self.residuals_first = ResidualsOfFeatures(stem // 2)
        self.residuals_second = ResidualsOfFeatures(stem)
        self.attention = NoiseAttention()
        self.after_attention = nn.Sequential(nn.BatchNorm2d(stem), nn.ReLU(inplace=True))
        self.cross_first = CrossAttention(middle, places(side))
        self.cross_second = CrossAttention(middle, places(side))
        self.fusion = Fusion(self.picture.num_features)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery; ``classes``: what the margin is taken from."""
        x = self.pixels(face)
        noise = self.residuals(x)
        a, b = self.picture, self.noise
        x = a.act1(a.bn1(a.conv1(x)))
        y = b.act1(b.bn1(b.conv1(noise))) + self.residuals_first(x)
        x = a.act2(a.bn2(a.conv2(x)))
        y = b.act2(b.bn2(b.conv2(y))) + self.residuals_second(x)
        x = self.after_attention(x * self.attention(noise) + x)
        x, y = self.cross_first(_blocks(a, 1, 3, x), _blocks(b, 1, 3, y))
        x, y = self.cross_second(_blocks(a, 4, 7, x), _blocks(b, 4, 7, y))
        x, y = _exit(a, _blocks(a, 8, 12, x)), _exit(b, _blocks(b, 8, 12, y))
        classes = a.forward_head(self.fusion(x, y))
        return {"logit": classes[:, 1] - classes[:, 0], "classes": classes}
