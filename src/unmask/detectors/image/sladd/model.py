"""The detector and the synthesizer of SLADD (Chen et al. 2022, sections 3.1 and 3.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import separable, take, xception

REGIONS, TYPES, MAP = 10, 4, 16
"""Choices of the synthesizer; side of the map for a face of 256 pixels."""
KINDS = TYPES + 1
"""Kinds that the detector tells: three ways of blending, untouched real, forged from the start."""
_DROP = 0.5


class Detector(nn.Module):
    """An Xception that says what, where, how and how strongly a face was blended.

    ``pretrained``: from timm's ImageNet weights, or from those of a file. ``middle``: blocks of the
    middle flow.
    """

    net: Any

    def __init__(self, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.net = xception(pretrained, classes=2, bare=False, drop=_DROP, middle=middle)
        self.map = separable(728, 1)
        self.kind = nn.Linear(2048, KINDS)
        self.magnitude = nn.Linear(2048, 1)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """Of faces (B, 3, S, S) in -1…1: ``classes`` (B, 2), ``map`` (B, S/16, S/16) in 0…1,
        ``kinds`` (B, 5), ``magnitude`` (B).
        """
        net = self.net
        x = net.act1(net.bn1(net.conv1(face)))
        x = net.act2(net.bn2(net.conv2(x)))
        for number in range(1, 8):
            x = getattr(net, f"block{number}")(x)
        place = torch.sigmoid(self.map(x))[:, 0]
        for number in range(8, 13):
            x = getattr(net, f"block{number}")(x)
        x = net.act3(net.bn3(net.conv3(x)))
        x = net.act4(net.bn4(net.conv4(x)))
        seen = x.mean((2, 3))
        return {
            "classes": net.forward_head(x),
            "map": place,
            "kinds": self.kind(seen),
            "magnitude": self.magnitude(seen)[:, 0],
        }


class Synthesizer(nn.Module):
    """Two faces (B, 6, S, S; -1…1) to logits of what is blended: region, type and magnitude."""

    net: Any

    def __init__(self, middle: int = 8) -> None:
        super().__init__()
        self.net = xception(middle=middle, bare=False)
        take(self.net, nn.init.xavier_normal_(torch.empty(32, 6, 3, 3), gain=0.02))
        self.drop = nn.Dropout(_DROP)
        self.region = nn.Linear(2048, REGIONS)
        self.kind = nn.Linear(2048, TYPES)
        self.magnitude = nn.Linear(2048, 1)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 10), (B, 4) and (B, 1); each drops features of its own."""
        seen = self.net.forward_features(faces).mean((2, 3))
        return (
            self.region(self.drop(seen)),
            self.kind(self.drop(seen)),
            self.magnitude(self.drop(seen)),
        )


class Sladd(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch). The synthesizer is asked by
    training alone.
    """

    def __init__(self, pretrained: bool | Path = False, middle: int = 8) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.student = Detector(pretrained, middle)
        self.synthesizer = Synthesizer(middle)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of both classes."""
        classes = self.student(self.pixels(face))["classes"]
        return {"logit": classes[:, 1] - classes[:, 0]}
