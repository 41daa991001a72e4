"""The network: an Xception on the face, one on its noise; a map of patches and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
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
_CELLS = (64, 16, 4)
"""Cells of the maps of the entry flow in one of the last map."""


def _scored(inside: int, outside: int) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


class LocateAndVerify(nn.Module):
    """Faces (B, 3, S, S), RGB 0…255, to ``logit`` (B), ``mask`` (B, S, S), ``patches`` (B, s, s).

    ``shared``: width in which maps are compared; ``hidden`` and ``outside``: of the fusion.
    ``middle``: blocks of the middle flow, between one guidance and the next; ``entry``, ``thin``:
    of both Xceptions.
    """

    def __init__(
        self,
        pretrained: bool = False,
        shared: int = 512,
        hidden: int = 2048,
        outside: int = 4096,
        middle: Sequence[int] = (4, 4),
        entry: int = 3,
        thin: int = 1,
    ) -> None:
        super().__init__()
        few: Any = {"middle": sum(middle), "entry": entry, "thin": thin}
        self.rgb: Any = _wide(xception(pretrained, **few))
        for part in ("block12", "conv3", "bn3", "conv4", "bn4"):
            delattr(self.rgb, part)  # nobody asks for the end of this stream
        self.noise: Any = _wide(xception(pretrained, **few))
        later = (range(a, b) for a, b in pairwise(accumulate(middle, initial=4)))
        self.steps = [_stem, *(_blocks(number) for number in range(1, entry))]
        self.guided_steps = [_blocks(entry), *(_blocks(*numbers) for numbers in later)]
        self.srm = SRM(limit=3.0)
        self.pixels = Pixels(HALF)
        fine, wide = [width // thin for width in _ENTRY[:entry]], _MIDDLE // thin
        self.guided = nn.ModuleList(Guided(wide) for _ in self.guided_steps)
        widths = [*fine, *[wide] * len(self.guided)]
        self.score = nn.ModuleList(_scored(width, shared) for width in widths)
        shown = sum(fine) + min(len(self.guided), 2) * wide
        self.fusion = Bilinear(shown, _END // thin, hidden, outside)
        self.verdict = nn.Sequential(
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(outside, 2),
        )
        seen = wide + sum(_CELLS[:entry]) + len(middle)
        self.places = nn.Sequential(
            nn.BatchNorm2d(seen), nn.ReLU(), nn.Conv2d(seen, 2, 1, bias=False)
        )

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """Where, and whether."""
        pixels = self.pixels(face)
        first, second = self._streams(pixels, self.srm(pixels))
        *scored, coarse = [score(map_) for score, map_ in zip(self.score, first, strict=True)]
        fine = [fused(map_, coarse) for map_ in scored]
        where = self.places(torch.cat([*fine, first[-1]], dim=1))
        last = _exit(self.noise, second[-1])
        del second[len(self.steps) + 1 : -1]  # all but what comes amid the middle flow
        gathered = [pooled(map_, last.shape[-1]) for map_ in second]
        whether = self.verdict(self.fusion(torch.cat(gathered, dim=1), last))
        sound, forged = where.chunk(2, dim=1)
        patches = forged - sound
        mask = F.interpolate(patches, size=face.shape[-2:], mode="bilinear")
        real, fake = whether.chunk(2, dim=1)
        return {
            "logit": (fake - real).squeeze(1),
            "mask": mask.squeeze(1),
            "patches": patches.squeeze(1),
        }

    def _streams(self, x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Maps of either stream: those that agree, and those after each guidance."""
        first, second = [], []
        for step in self.steps:
            x, y = agree(step(self.rgb, x), step(self.noise, y))
            first.append(x)
            second.append(y)
        x = y = x + y
        for guided, step in zip(self.guided, self.guided_steps, strict=True):
            x, y = step(self.rgb, x), step(self.noise, y)
            y = guided(y, x)
            first.append(x)
            second.append(y)
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


def _blocks(*numbers: int) -> Any:
    def run(network: Any, x: Tensor) -> Tensor:
        for number in numbers:
            x = getattr(network, f"block{number}")(x)
        return x

    return run


def _exit(network: Any, x: Tensor) -> Tensor:
    x = network.act3(network.bn3(network.conv3(network.block12(x))))
    result: Tensor = network.bn4(network.conv4(x))
    return result
