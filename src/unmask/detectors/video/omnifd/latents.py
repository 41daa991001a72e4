"""Learnt latents that read features of every kind (Alayrac et al. 2022, "Flamingo", sec. 3.1)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEADS, HEAD_WIDTH = 8, 64


def feed_forward(width: int) -> nn.Sequential:
    """A norm and two linear layers, four times as wide between."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, 4 * width, bias=False),
        nn.GELU(),
        nn.Linear(4 * width, width, bias=False),
    )


class Reading(nn.Module):
    """Latents (B, L, C) that attend to features (B, N, C) and to each other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = HEADS * HEAD_WIDTH
        self.norm_media, self.norm_latents = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, features: Tensor, latents: Tensor, apart: Tensor | None = None) -> Tensor:
        """What they read (B, L, C). ``apart`` (L, L): -inf where one does not see another."""
        latents = self.norm_latents(latents)
        seen = torch.cat([self.norm_media(features), latents], 1)
        asked = self.to_q(latents).unflatten(2, (HEADS, -1)).transpose(1, 2)
        parts = self.to_kv(seen).unflatten(2, (2 * HEADS, -1)).transpose(1, 2)
        keys, values = parts.chunk(2, 1)
        if apart is not None:
            apart = F.pad(apart, (features.shape[1], 0))
        told = F.scaled_dot_product_attention(asked, keys, values, apart)
        read: Tensor = self.to_out(told.transpose(1, 2).flatten(2))
        return read


def reading_layers(width: int, depth: int) -> nn.ModuleList:
    """``depth`` times a reading and a feed-forward part."""
    return nn.ModuleList(nn.ModuleList([Reading(width), feed_forward(width)]) for _ in range(depth))


def read(
    layers: nn.ModuleList, features: Tensor, latents: Tensor, apart: Tensor | None = None
) -> Tensor:
    """Latents after all ``reading_layers``; ``apart`` as ``Reading`` has it."""
    for pair in layers:
        assert isinstance(pair, nn.ModuleList)
        latents = pair[0](features, latents, apart) + latents
        latents = pair[1](latents) + latents
    return latents


LONGEST = 16
"""Places along time of a clip of 32 frames."""


def times(count: int, width: int) -> Tensor:
    """Sines and cosines of the time, by turns (1, ``count``, 1, 1, width)."""
    number = torch.arange(width, dtype=torch.float64)
    rates = 10000 ** -((number - number % 2) / width)
    table = torch.arange(count)[:, None] * rates
    table[:, 0::2], table[:, 1::2] = table[:, 0::2].sin(), table[:, 1::2].cos()
    return table.float()[None, :, None, None]


class Interaction(nn.Module):
    """Maps of four stages (B, C, T, H, W) to latents (B, L, width), T at most ``LONGEST``.

    As the authors' program has it, a token is ``width`` numbers in a row of (T, width, H, W): parts
    of single channels and not a place with all its channels.
    """

    times: Tensor

    def __init__(self, widths: tuple[int, ...], width: int, latents: int, depth: int) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.layers = reading_layers(width, depth)
        self.norm = nn.LayerNorm(width)
        self.stages = nn.Parameter(torch.randn(len(widths), 1, width, 1, 1, 1))
        self.proj = nn.ModuleList(
            nn.Sequential(nn.Linear(one, width), nn.LayerNorm(width)) for one in reversed(widths)
        )
        self.width = width
        self.register_buffer("times", times(LONGEST, width), persistent=False)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """The latents, after they have read everything; the last stage comes first."""
        tokens = []
        for number, (proj, seen) in enumerate(zip(self.proj, reversed(maps), strict=True)):
            wide = proj(seen.movedim(1, -1))
            place = self.stages[number].flatten()
            if wide.shape[1] > 1:
                place = place + self.times.narrow(1, 0, wide.shape[1])
            rows = (wide + place).movedim(-1, 2)
            tokens.append(rows.reshape(-1, math.prod(seen.shape[2:]), self.width))
        latents = self.latents.expand(maps[0].shape[0], -1, -1)
        known: Tensor = self.norm(read(self.layers, torch.cat(tokens, 1), latents))
        return known
