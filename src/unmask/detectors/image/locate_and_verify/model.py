"""The network: an Xception on the face, one on its noise; a map of patches and a verdict."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.locate_and_verify.parts import (
    Bilinear,
    Guided,
    agree,
    fused,
    pooled,
)
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.srm import SRM
from unmask.nn.xception import xception

_ENTRY = (64, 128, 256)
_MIDDLE = 728
_END = 2048
_CELLS = 64 + 16 + 4 + 1 + 1
"""Fine cells in a coarse one, of the five maps that are fused with the last."""


def _scored(inside: int, outside: int) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


class LocateAndVerify(nn.Module):
    """Faces (B, 3, S, S), RGB 0…255, to ``logit`` (B), ``mask`` (B, S, S), ``patches`` (B, s, s).

    ``shared``: width in which maps are compared; ``hidden`` and ``outside``: of the fusion.
    """

    def __init__(
        self, pretrained: bool = False, shared: int = 512, hidden: int = 2048, outside: int = 4096
    ) -> None:
        super().__init__()
        self.rgb: Any = _wide(xception(pretrained))
        for part in ("block12", "conv3", "bn3", "conv4", "bn4"):
            delattr(self.rgb, part)  # nobody asks for the end of this stream
        self.noise: Any = _wide(xception(pretrained))
        self.srm = SRM(limit=3.0)
        self.pixels = Pixels(HALF)
        widths = (*_ENTRY, _MIDDLE, _MIDDLE, _MIDDLE)
        self.score = nn.ModuleList(_scored(width, shared) for width in widths)
        self.guided = nn.ModuleList(Guided(_MIDDLE) for _ in range(3))
        self.fusion = Bilinear(sum(_ENTRY) + 2 * _MIDDLE, _END, hidden, outside)
        self.verdict = nn.Sequential(
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(outside, 2),
        )
        self.places = nn.Sequential(
            nn.BatchNorm2d(_MIDDLE + _CELLS),
            nn.ReLU(),
            nn.Conv2d(_MIDDLE + _CELLS, 2, 1, bias=False),
        )

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """Where, and whether."""
        pixels = self.pixels(face)
        first, second = self._streams(pixels, self.srm(pixels))
        scored = [score(map_) for score, map_ in zip(self.score, first[:6], strict=True)]
        fine = [fused(map_, scored[5]) for map_ in scored[:5]]
        where = self.places(torch.cat([*fine, first[5]], dim=1))
        side = second[6].shape[-1]
        gathered = [pooled(second[i], side) for i in (0, 1, 2, 3, 5)]
        whether = self.verdict(self.fusion(torch.cat(gathered, dim=1), second[6]))
        patches = where[:, 1] - where[:, 0]
        mask = F.interpolate(patches[:, None], size=face.shape[-2:], mode="bilinear")[:, 0]
        return {"logit": whether[:, 1] - whether[:, 0], "mask": mask, "patches": patches}

    def _streams(self, x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Seven maps of either stream."""
        first, second = [], []
        for place, step in enumerate((_stem, _block(1), _block(2))):
            x, y = agree(step(self.rgb, x), step(self.noise, y))
            first.append(x)
            second.append(y)
            if place == 2:
                x = y = x + y
        for guided, step in zip(
            self.guided, (_block(3), _block(4, 5, 6, 7), _block(8, 9, 10, 11)), strict=True
        ):
            x, y = step(self.rgb, x), step(self.noise, y)
            y = guided(y, x)
            first.append(x)
            second.append(y)
        second.append(_exit(self.noise, y))
        return first, second


def _wide(network: Any) -> Any:
    """With a rim of one around its first two convolutions, as the authors have it."""
    for conv in (network.conv1, network.conv2):
        conv.padding = (1, 1)
    return network


def _stem(network: Any, x: Tensor) -> Tensor:
    x = network.act1(network.bn1(network.conv1(x)))
    result: Tensor = network.act2(network.bn2(network.conv2(x)))
    return result


def _block(*numbers: int) -> Any:
    def run(network: Any, x: Tensor) -> Tensor:
        for number in numbers:
            x = getattr(network, f"block{number}")(x)
        return x

    return run


def _exit(network: Any, x: Tensor) -> Tensor:
    x = network.act3(network.bn3(network.conv3(network.block12(x))))
    result: Tensor = network.bn4(network.conv4(x))
    return result
