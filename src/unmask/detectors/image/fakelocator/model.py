"""The network: a parser of the face says where an encoder and its decoder look for made pixels.

After Huang et al. 2022, "FakeLocator: Robust Localization of GAN-Based Face Manipulations".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.fakelocator.parts import PARTS
from unmask.nn.pixels import HALF, Pixels

WIDTHS, PARSER_WIDTHS = (32, 64, 128, 256, 256), (16, 32, 64, 64)
ATTENDED = 2
"""The stage of the encoder that the attention weights, counted from 0."""


def _normed(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outside),
    )


class Block(nn.Module):
    """Two convolutions with a way around them; the first may halve the sides."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.one, self.two = _normed(inside, outside, stride), _normed(outside, outside)
        self.around = nn.Conv2d(inside, outside, 1)
        self.stride = stride

    def forward(self, map_: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, outside, H / stride, W / stride)."""
        small = F.avg_pool2d(map_, self.stride) if self.stride > 1 else map_
        return F.relu(self.two(F.relu(self.one(map_))) + self.around(small))


class Decoder(nn.Module):
    """Maps of an encoder, from fine to coarse, to one at full size.

    It makes maps larger by bilinear interpolation: a transposed convolution would leave in its own
    map the very pattern that is looked for.
    """

    def __init__(self, widths: Sequence[int], outside: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(coarse + fine, fine) for fine, coarse in pairwise(widths))
        self.out = nn.Conv2d(widths[0], outside, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """(B, outside, H, W) of the finest map."""
        seen = maps[-1]
        for fine, block in zip(reversed(maps[:-1]), reversed(self.blocks), strict=True):
            larger = F.interpolate(seen, scale_factor=2, mode="bilinear", align_corners=False)
            seen = block(torch.cat([larger, fine], dim=1))
        result: Tensor = self.out(seen)
        return result


def encoder(widths: Sequence[int]) -> nn.ModuleList:
    """Stages of which each but the first halves the sides."""
    return nn.ModuleList(
        Block(inside, outside, 1 if place == 0 else 2)
        for place, (inside, outside) in enumerate(pairwise((3, *widths)))
    )


class FakeLocator(nn.Module):
    """Faces (B, 3, H, W), RGB 0…255; sides are multiples of 2 to the number of stages less one.

    ``cut``: how much of a pixel must have been made for it to count as forged in ``mask``.
    """

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        parser_widths: Sequence[int] = PARSER_WIDTHS,
        cut: float = 0.1,
    ) -> None:
        super().__init__()
        self.cut = math.log(cut / (1 - cut))
        self.pixels = Pixels(HALF)
        self.parser = encoder(parser_widths)
        self.parse = Decoder(parser_widths, len(PARTS))
        self.attention = nn.Conv2d(len(PARTS), 1, 1)
        self.encoder = encoder(widths)
        self.decoder = Decoder(widths, 1)
        self.judge = nn.Linear(widths[-1], 1)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit`` (B), ``mask`` and ``fakeness`` (B, H, W), ``features`` (B, D); in training
        ``parts`` (B, parts, H, W): log-odds of the parts of the face."""
        pixels = self.pixels(face)
        parts = self.parse(_through(self.parser, pixels))
        attention = self.attention(parts.softmax(1)).sigmoid()
        maps = _through(self.encoder, pixels, attention)
        odds = self.decoder(maps)[:, 0]
        features = maps[-1].mean((2, 3))
        outputs = {
            "logit": self.judge(features)[:, 0],
            "mask": odds - self.cut,
            "fakeness": odds.sigmoid(),
            "features": features,
        }
        return {**outputs, "parts": parts} if self.training else outputs


def _through(stages: nn.ModuleList, seen: Tensor, attention: Tensor | None = None) -> list[Tensor]:
    """What each stage gives; one of them weighed by the attention (B, 1, H, W)."""
    maps = []
    for place, stage in enumerate(stages):
        seen = stage(seen)
        if place == ATTENDED and attention is not None:
            seen = seen * F.avg_pool2d(attention, 2**place)
        maps.append(seen)
    return maps
