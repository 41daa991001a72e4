"""Drawing hidden patches of a picture again: the second half of a masked autoencoder.

He, Chen, Xie, Li, Dollár and Girshick 2022, "Masked Autoencoders Are Scalable Vision Learners",
section 3.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import MissingExtra


def patches(picture: Tensor, side: int) -> Tensor:
    """Pictures (B, C, H, W) as squares of ``side`` pixels, row by row (B, N, side · side · C)."""
    count, channels, height, width = picture.shape
    cut = picture.reshape(count, channels, height // side, side, width // side, side)
    return cut.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


def drawn(count: int, places: int, share: float) -> Tensor:
    """Which patches are hidden (``count`` × ``places``): a ``share`` of each row, at random."""
    order = torch.rand(count, places).argsort(1).argsort(1)
    return order < round(share * places)


def visible(tokens: Tensor, hidden: Tensor) -> Tensor:
    """The tokens (B, N, C) that are not hidden, in their order; every row hides as many."""
    left = int(tokens.shape[1] - hidden[0].sum())
    places = hidden.to(tokens.device).to(torch.uint8).argsort(dim=1, stable=True)[:, :left]
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[2]))


def filled(seen: Tensor, hidden: Tensor, token: Tensor) -> Tensor:
    """Tokens of all places (B, N, C): those that were seen in order, ``token`` for the hidden."""
    hidden = hidden.to(seen.device)
    places = hidden.to(torch.uint8).argsort(dim=1, stable=True)
    absent = token.expand(len(seen), hidden.shape[1] - seen.shape[1], -1)
    back = places.argsort(1)[..., None].expand(-1, -1, seen.shape[2])
    return torch.cat([seen, absent], 1).gather(1, back)


def apart(target: Tensor, given: Tensor, counted: Tensor, normed: bool = True) -> Tensor:
    """The mean square difference of patches (B, N, D) for each picture (B), over those counted.

    ``normed``: each patch of the target less its mean and over its spread.
    """
    if normed:
        mean, spread = target.mean(-1, keepdim=True), target.var(-1, keepdim=True)
        target = (target - mean) / (spread + 1e-6).sqrt()
    each = (given - target).square().mean(-1)
    weights = counted.to(each.device).to(each.dtype)
    return (each * weights).sum(1) / weights.sum(1).clamp(min=1)


def grid_places(width: int, side: int, extra: int = 0) -> Tensor:
    """Sines and cosines of column and row of a grid (1, ``extra`` + side · side, width).

    As the masked autoencoder has them: half of the numbers for the column, half for the row, first
    sines, then cosines; ``extra`` places before the grid are zeros.
    """
    rates = 1 / 10000 ** (torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    parts = []
    for place in (column, row):
        angle = place.flatten()[:, None].double() * rates
        parts += [angle.sin(), angle.cos()]
    places = torch.cat([torch.zeros(extra, width, dtype=torch.float64), torch.cat(parts, 1)])
    return places[None].float()


def block(width: int, heads: int) -> nn.Module:
    """A block of a ViT, as the masked autoencoder has it. Raises MissingExtra."""
    try:
        from timm.models.vision_transformer import Block
    except ImportError:
        raise MissingExtra("A masked autoencoder", "train") from None
    norm: Any = partial(nn.LayerNorm, eps=1e-6)
    made: nn.Module = Block(width, heads, qkv_bias=True, norm_layer=norm)
    return made


class Decoder(nn.Module):
    """Tokens of all places (B, N, C) to what their patches look like (B, N, ``numbers``)."""

    places: Tensor

    def __init__(
        self, came: int, side: int, numbers: int, width: int = 512, depth: int = 8, heads: int = 16
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(came, width)
        self.register_buffer("places", grid_places(width, side), persistent=False)
        self.blocks = nn.Sequential(*[block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.last = nn.Linear(width, numbers)

    def forward(self, tokens: Tensor) -> Tensor:
        """The patches."""
        made: Tensor = self.last(self.norm(self.blocks(self.embed(tokens) + self.places)))
        return made
