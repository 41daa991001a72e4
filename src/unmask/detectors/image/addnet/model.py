"""ADDNet-2D, after Zi et al. 2020 ("WildDeepfake", section 4), on Xception (Chollet 2017)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.addnet.attention import attention, mean_points
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import xception

SIZE = 224
"""Side of the face in pixels."""
_ATTENDED = 3
"""Blocks of the entry flow after which the map is laid over the features again."""


def attended(features: Tensor, where: Tensor) -> Tensor:
    """Features (B, C, h, w) and what of them lies under a map (B, H, W), added up."""
    small = F.interpolate(where[:, None], size=features.shape[-2:], mode="area")
    return features + features * small


class ADDNet(nn.Module):
    """Face (B, 3, 224, 224), RGB 0…255, to ``logit`` (B).

    ``where``: a map of each face (B, 224, 224); without one that of a mean face counts, as in a
    scan. ``pretrained``: from ImageNet weights.
    """

    net: Any
    mean_face: Tensor

    def __init__(self, pretrained: bool = False, side: int = SIZE) -> None:
        super().__init__()
        self.net = xception(pretrained, classes=2, bare=False)
        self.pixels = Pixels(HALF)
        drawn = torch.from_numpy(attention(mean_points(side), side))
        self.register_buffer("mean_face", drawn, persistent=False)

    def forward(self, face: Tensor, where: Tensor | None = None) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the second output less the first."""
        if where is None:
            where = self.mean_face.expand(face.shape[0], -1, -1)
        net = self.net
        x = attended(net.act1(net.bn1(net.conv1(self.pixels(face)))), where)
        x = attended(net.act2(net.bn2(net.conv2(x))), where)
        for number in range(1, 13):
            x = getattr(net, f"block{number}")(x)
            if number <= _ATTENDED:
                x = attended(x, where)
        x = net.act3(net.bn3(net.conv3(x)))
        x = net.act4(net.bn4(net.conv4(x)))
        real, forged = net.forward_head(x).unbind(1)
        return {"logit": forged - real}
