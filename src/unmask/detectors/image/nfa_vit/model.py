"""The network: a frozen noise stream guides the stream that sees the photo; two heads.

Cai et al. 2026, "Zooming In on Fakes: A Novel Dataset for Localized AI-Generated Image Detection
with Forgery Amplification Approach", section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.nfa_vit.amplify import noise_stream, picture_stream
from unmask.detectors.image.trufor.model import MEAN, STD
from unmask.nn.mix_transformer import CellNorm, Shape
from unmask.nn.noiseprint import LAYERS, noiseprint

B0 = Shape(widths=(32, 64, 160, 256), depths=(2, 2, 2, 2))
B2 = Shape()


class MaskHead(nn.Module):
    """All maps to one channel width, added with a weight for each channel, to one number."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(inside, width, 1) for inside in widths)
        self.gamma = nn.ParameterList(
            nn.Parameter(torch.full((width,), 1e-6)) for _ in range(len(widths))
        )
        self.norm = CellNorm(width, eps=1e-6)
        self.predict = nn.Conv2d(width, 1, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps from fine to coarse, to (B, 1, H, W) of the first."""
        total, *coarser = (
            gamma.reshape(-1, 1, 1) * layer(map_)
            for layer, gamma, map_ in zip(self.reduce, self.gamma, maps, strict=True)
        )
        for map_ in coarser:
            total = total + F.interpolate(map_, size=total.shape[2:], mode="bilinear")
        result: Tensor = self.predict(self.norm(total))
        return result


class NfaVit(nn.Module):
    """Noise stream (frozen, as nothing of it reaches the loss), picture stream and the two heads.

    ``noise`` and ``picture``: sizes of the streams; their heads and reductions must agree, since
    each head of the one guides the same head of the other. ``layers``: convolutions of the
    fingerprint.
    """

    def __init__(self, noise: Shape = B0, picture: Shape = B2, layers: int = LAYERS) -> None:
        super().__init__()
        self.noiseprint = noiseprint(layers)
        self.noise = noise_stream(noise)
        self.rgb = picture_stream(picture)
        self.mask_head = MaskHead(picture.widths, picture.decoder)
        self.detect = nn.Linear(picture.widths[-1], 1)
        nn.init.trunc_normal_(self.detect.weight, std=0.02)
        nn.init.zeros_(self.detect.bias)
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)
        for still in (self.noiseprint, self.noise):
            still.requires_grad_(False)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.noiseprint.eval()
        self.noise.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Pixels (B, 3, S, S), RGB 0…255, S a multiple of 32 and 64 at least, to the outputs."""
        pixels = (picture - self.get_buffer("mean")) / self.get_buffer("std")
        named = self.named(pixels)
        maps, map_ = [], pixels
        for stage, keys in zip(self.rgb, named, strict=True):
            map_ = stage(map_, keys)
            maps.append(map_)
        mask = F.interpolate(self.mask_head(maps), size=picture.shape[2:], mode="bilinear")
        return {"logit": self.detect(map_.mean((2, 3))).squeeze(1), "mask": mask.squeeze(1)}

    @torch.no_grad()
    def named(self, pixels: Tensor) -> list[Tensor]:
        """The keys that each stage of the noise stream names, of normalised pixels.

        As in the authors' program the fingerprint lies on the red channel.
        """
        noise = self.noiseprint(pixels) + pixels.narrow(1, 0, 1)
        named = []
        for stage in self.noise:
            noise, keys = stage(noise)
            named.append(keys)
        return named
