"""Blocks on a square map: attention among patches of four sizes, a spectral filter, their fusion.

Wang et al. 2022, "M2TR: Multi-modal Multi-scale Transformers for Deepfake Detection", sections
3.1 to 3.3.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCALES = (1, 2, 4, 8)
"""A patch has the map's side divided by these; each size has a quarter of the channels."""


def patches(map_: Tensor, scale: int) -> Tensor:
    """A map (B, C, S, S) as ``scale``² patches, (B, patches, C × cells)."""
    batch, channels, height, _ = map_.shape
    side = height // scale
    parts = map_.reshape(batch, channels, scale, side, scale, side)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(batch, scale * scale, -1)


def whole(parts: Tensor, scale: int, channels: int) -> Tensor:
    """Patches as a map again."""
    side = round((parts.shape[-1] // channels) ** 0.5)
    grid = parts.reshape(parts.shape[0], scale, scale, channels, side, side)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, scale * side, scale * side)


def answered(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of one head over tokens (B, N, C)."""
    # Exported graphs want an axis of heads.
    heard = F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None])
    return heard[:, 0]


def _feed(width: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(width, width, 3, padding=2, dilation=2), nn.BatchNorm2d(width)),
        nn.LeakyReLU(0.2),
        *(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)),
        nn.LeakyReLU(0.2),
    )


class Patches(nn.Module):
    """Self-attention among the patches of each size, and a convolution over all sizes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(width, width, 1) for _ in range(3))
        self.out = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)
        )

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, S, S), S a multiple of 8, to as much."""
        heads = (
            part(map_).chunk(len(SCALES), dim=1) for part in (self.query, self.key, self.value)
        )
        heard = []
        for scale, *three in zip(SCALES, *heads, strict=True):
            tokens = answered(*(patches(one, scale) for one in three))
            heard.append(whole(tokens, scale, three[0].shape[1]))
        result: Tensor = self.out(torch.cat(heard, dim=1))
        return result


class SpectralFilter(nn.Module):
    """Every frequency of every channel times a learnt complex number.

    The transforms are written as products with fixed matrices, since exported graphs know no
    complex numbers.
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        half = side // 2 + 1
        self.weight = nn.Parameter(torch.randn(side, half, width, 2) * 0.02)
        angle = 2 * np.pi * np.outer(np.arange(side), np.arange(side)) / side
        # A half spectrum stands for both halves; only its ends stand for themselves.
        counts = np.full(half, 2.0)
        counts[0] = 1
        if side % 2 == 0:
            counts[-1] = 1
        tables = {
            "cos": np.cos(angle),
            "sin": np.sin(angle),
            "cos_back": np.cos(angle[:half]) * counts[:, None],
            "sin_back": np.sin(angle[:half]) * counts[:, None],
        }
        for name, table in tables.items():
            value = torch.from_numpy(table.astype(np.float32)) / side**0.5
            self.register_buffer(name, value, persistent=False)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, S, S) to as much."""
        cos, sin = self.get_buffer("cos"), self.get_buffer("sin")
        half = self.weight.shape[1]
        real, imaginary = map_ @ cos[:, :half], -(map_ @ sin[:, :half])
        real, imaginary = cos @ real + sin @ imaginary, cos @ imaginary - sin @ real
        by, turned = self.weight.permute(3, 2, 0, 1)
        real, imaginary = real * by - imaginary * turned, real * turned + imaginary * by
        real, imaginary = cos @ real - sin @ imaginary, cos @ imaginary + sin @ real
        back: Tensor = real @ self.get_buffer("cos_back") - imaginary @ self.get_buffer("sin_back")
        return back


class Layer(nn.Module):
    """Patches, the spectrum, and what each cell asks of the spectrum's map."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.patches = Patches(width)
        self.feed = _feed(width)
        self.filter = SpectralFilter(width, side)
        self.feed_spectrum = _feed(width)
        self.ask, self.show, self.tell = (nn.Conv2d(width, width, 1) for _ in range(3))
        self.join = nn.Sequential(
            nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)
        )

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, S, S) to as much."""
        map_ = map_ + self.patches(map_)
        map_ = map_ + self.feed(map_)
        spectrum = map_ + self.feed_spectrum(self.filter(map_))
        ask, show, tell = (
            part.flatten(2).transpose(1, 2)
            for part in (self.ask(map_), self.show(spectrum), self.tell(spectrum))
        )
        heard = answered(ask, show, tell)
        joined: Tensor = self.join(heard.transpose(1, 2).reshape(map_.shape))
        return map_ + joined
