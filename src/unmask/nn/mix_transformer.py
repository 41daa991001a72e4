"""The mix transformer and its decoding head (Xie et al. 2021, "SegFormer", section 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

REDUCTIONS = (8, 4, 2, 1)
"""Keys and values of a stage are gathered from squares of so many cells."""
_EXPANSION = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the encoder's stages, and the width of the decoding heads. Default: B2.

    ``reductions``: keys and values of a stage are gathered from squares of so many cells.
    """

    widths: Sequence[int] = (64, 128, 320, 512)
    depths: Sequence[int] = (3, 4, 6, 3)
    heads: Sequence[int] = (1, 2, 5, 8)
    decoder: int = 512
    drop_path: float = 0.1
    reductions: Sequence[int] = REDUCTIONS


def initialise(module: nn.Module) -> None:
    """Linear maps narrow, convolutions by their fan out, as the mix transformer starts."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def to_tokens(map_: Tensor) -> Tensor:
    """(B, C, H, W) to (B, H·W, C)."""
    return map_.flatten(2).transpose(1, 2)


def to_map(tokens: Tensor, like: Tensor) -> Tensor:
    """(B, H·W, C) to (B, C, H, W), H and W those of ``like``."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, like.shape[2], like.shape[3])


def heads_first(tokens: Tensor, heads: int) -> Tensor:
    """(B, N, C) to (B, heads, N, C / heads)."""
    batch, _, width = tokens.shape
    return tokens.reshape(batch, -1, heads, width // heads).transpose(1, 2)


class DropPath(nn.Module):
    """Leaves out the branch of an item with chance ``rate`` (Huang et al. 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """The branch, nothing, or in training the branch made larger for those left out."""
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty(x.shape[0], *[1] * (x.ndim - 1)).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate)


class Attention(nn.Module):
    """Self-attention whose keys and values come from a reduced map."""

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.reduce: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        if reduction > 1:
            self.reduce = nn.Conv2d(width, width, reduction, stride=reduction)
            self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, like: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Tokens of a map shaped as ``like``.

        ``allowed``: which keys each query may look at, as (queries, keys) or (B, heads, queries,
        keys); all when it is not given.
        """
        query, key, value = self.asked(tokens, like)
        return self.answered(F.scaled_dot_product_attention(query, key, value, attn_mask=allowed))

    def asked(self, tokens: Tensor, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (B, heads, cells, C / heads)."""
        fewer = self.norm(to_tokens(self.reduce(to_map(tokens, like))))
        query = heads_first(self.query(tokens), self.heads)
        key, value = self.key_value(fewer).chunk(2, dim=-1)
        return query, heads_first(key, self.heads), heads_first(value, self.heads)

    def answered(self, heard: Tensor) -> Tensor:
        """What the heads heard as tokens (B, N, C)."""
        result: Tensor = self.out(heard.transpose(1, 2).flatten(2))
        return result


class MixedMlp(nn.Module):
    """Two linear layers with a depth-wise convolution between, which tells cells their place.

    ``gelu``: exact (none) or by its tanh.
    """

    def __init__(self, width: int, gelu: str = "none") -> None:
        super().__init__()
        inner = _EXPANSION * width
        self.gelu = gelu
        self.wide = nn.Linear(width, inner)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.narrow = nn.Linear(inner, width)

    def forward(self, tokens: Tensor, like: Tensor) -> Tensor:
        """Tokens of a map shaped as ``like``."""
        mixed = self.mix(to_map(self.wide(tokens), like))
        result: Tensor = self.narrow(F.gelu(to_tokens(mixed), approximate=self.gelu))
        return result


class Block(nn.Module):
    """Attention and MLP, each with a norm before and a bypass."""

    def __init__(
        self,
        width: int,
        heads: int,
        reduction: int,
        drop_path: float,
        eps: float = 1e-6,
        gelu: str = "none",
    ) -> None:
        super().__init__()
        self.norm1: nn.Module = nn.LayerNorm(width, eps=eps)
        self.attention = Attention(width, heads, reduction)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = MixedMlp(width, gelu)
        self.drop = DropPath(drop_path)

    def forward(self, tokens: Tensor, like: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Tokens of a map shaped as ``like``; ``allowed`` as for the attention."""
        tokens = tokens + self.drop(self.attention(self.norm1(tokens), like, allowed))
        result: Tensor = tokens + self.drop(self.mlp(self.norm2(tokens), like))
        return result


class Stage(nn.Module):
    """Overlapping patches, some blocks, a norm: a map of half (at first a quarter) the side."""

    def __init__(
        self,
        inside: int,
        width: int,
        heads: int,
        reduction: int,
        first: bool,
        drops: Sequence[float],
    ) -> None:
        super().__init__()
        side, stride = (7, 4) if first else (3, 2)
        self.embed = nn.Conv2d(inside, width, side, stride=stride, padding=side // 2)
        self.embed_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads, reduction, d) for d in drops)
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, width, H / stride, W / stride)."""
        return self.finished(*self.embedded(map_))

    def embedded(self, map_: Tensor) -> tuple[Tensor, Tensor]:
        """The patches as tokens, and a map that says how they lie."""
        like: Tensor = self.embed(map_)
        return self.embed_norm(to_tokens(like)), like

    def finished(self, tokens: Tensor, like: Tensor) -> Tensor:
        """The patches after the blocks."""
        for block in self.blocks:
            tokens = block(tokens, like)
        return to_map(self.norm(tokens), like)


def stream(shape: Shape) -> nn.ModuleList:
    """The stages of one stream over three channels."""
    total = sum(shape.depths)
    rates = [shape.drop_path * i / max(total - 1, 1) for i in range(total)]
    stages: list[Stage] = []
    inside, done = 3, 0
    for width, heads, depth, reduction in zip(
        shape.widths, shape.heads, shape.depths, shape.reductions, strict=True
    ):
        drops = rates[done : done + depth]
        stages.append(Stage(inside, width, heads, reduction, not stages, drops))
        inside, done = width, done + depth
    return nn.ModuleList(stages)


class Head(nn.Module):
    """All maps to ``channels`` at a quarter of the picture's side (SegFormer's decoder).

    ``bias``: of the layer that joins them.
    """

    def __init__(self, widths: Sequence[int], width: int, channels: int, bias: bool = True) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(inside, width, 1) for inside in widths)
        self.join = nn.Sequential(
            nn.Conv2d(len(widths) * width, width, 1, bias=bias),
            nn.BatchNorm2d(width, eps=1e-3),
            nn.ReLU(),
        )
        self.drop = nn.Dropout2d(0.1)
        self.predict = nn.Conv2d(width, channels, 1)
        for part in (self.join[0], self.predict):  # theirs reduces by linear maps, which stay
            assert isinstance(part, nn.Conv2d)
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps from fine to coarse."""
        side = maps[0].shape[2:]
        same = [
            F.interpolate(layer(map_), size=side, mode="bilinear", align_corners=False)
            for layer, map_ in zip(self.reduce, maps, strict=True)
        ]
        result: Tensor = self.predict(self.drop(self.join(torch.cat(same[::-1], dim=1))))
        return result
