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


class CellLinear(nn.Linear):
    """A linear map of the channels of each cell, (B, C, H, W).

    As a convolution it needs no change of layout, which would be the larger part of an export.
    """

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, H, W)."""
        return F.conv2d(map_, self.weight.reshape(*self.weight.shape, 1, 1), self.bias)

    def halves(self, map_: Tensor) -> tuple[Tensor, Tensor]:
        """The first and the second half of the channels: parts of a map are dearer to export."""
        weight, bias = self.weight.reshape(*self.weight.shape, 1, 1), self.bias
        half = weight.shape[0] // 2
        first, second = (
            F.conv2d(map_, weight[part], None if bias is None else bias[part])
            for part in (slice(half), slice(half, None))
        )
        return first, second


class CellNorm(nn.LayerNorm):
    """A layer norm over the channels of each cell, (B, C, H, W)."""

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, H, W)."""
        return super().forward(map_.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def heads_first(map_: Tensor, heads: int) -> Tensor:
    """(B, C, H, W) to (B, heads, H·W, C / heads)."""
    tokens = map_.permute(0, 2, 3, 1).flatten(1, 2)
    return torch.unflatten(tokens, -1, (heads, -1)).transpose(1, 2)


def heads_last(heard: Tensor, like: Tensor) -> Tensor:
    """(B, heads, H·W, C / heads) to a map of the shape of ``like``."""
    return heard.mT.reshape(like.shape)


def split(map_: Tensor, heads: int) -> Tensor:
    """(B, C, H, W) to (B · heads, C / heads, H · W)."""
    batch = map_.shape[0] * heads  # an export that has to find it out is dearer
    return map_.reshape(batch, map_.shape[1] // heads, map_.shape[2] * map_.shape[3])


def compared(query: Tensor, key: Tensor, heads: int) -> Tensor:
    """How well queries and keys (B, C, H, W) fit, (B · heads, queries, keys)."""
    asked, known = split(query, heads), split(key, heads)
    return torch.bmm(asked.mT * asked.shape[1] ** -0.5, known)


def told(value: Tensor, scores: Tensor, heads: int, like: Tensor) -> Tensor:
    """What those hear who compared, as a map of the shape of ``like``."""
    return torch.bmm(split(value, heads), scores.softmax(2).mT).reshape(like.shape)


def attend(
    query: Tensor, key: Tensor, value: Tensor, heads: int, allowed: Tensor | None = None
) -> Tensor:
    """What the queries hear, as their map (B, C, H, W).

    ``allowed``: which keys each query may look at, (queries, keys) or (B · heads, queries, keys).
    The fused operation holds no scores, but its export is several times that of the plain product.
    """
    if not torch.compiler.is_exporting():
        first, second, third = (heads_first(map_, heads) for map_ in (query, key, value))
        if allowed is not None and allowed.ndim == 3:
            allowed = torch.unflatten(allowed, 0, (-1, heads))
        heard = F.scaled_dot_product_attention(first, second, third, attn_mask=allowed)
        return heads_last(heard, query)
    scores = compared(query, key, heads)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -torch.inf)
    return told(value, scores, heads, query)


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
        self.query = CellLinear(width, width)
        self.key_value = CellLinear(width, 2 * width)
        self.out = CellLinear(width, width)
        self.reduce: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        if reduction > 1:
            self.reduce = nn.Conv2d(width, width, reduction, stride=reduction)
            self.norm = CellNorm(width)

    def forward(self, map_: Tensor, allowed: Tensor | None = None) -> Tensor:
        """(B, C, H, W). ``allowed``: as for ``attend``."""
        result: Tensor = self.out(attend(*self.asked(map_), self.heads, allowed))
        return result

    def asked(self, map_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps of queries, keys and values."""
        return self.query(map_), *self.key_value.halves(self.norm(self.reduce(map_)))


class MixedMlp(nn.Module):
    """Two linear layers with a depth-wise convolution between, which tells cells their place.

    ``gelu``: exact (none) or by its tanh.
    """

    def __init__(self, width: int, gelu: str = "none") -> None:
        super().__init__()
        inner = _EXPANSION * width
        self.gelu = gelu
        self.wide = CellLinear(width, inner)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.narrow = CellLinear(inner, width)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, H, W)."""
        mixed = self.mix(self.wide(map_))
        result: Tensor = self.narrow(F.gelu(mixed, approximate=self.gelu))
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
        self.norm1: nn.Module = CellNorm(width, eps=eps)
        self.attention = Attention(width, heads, reduction)
        self.norm2 = CellNorm(width, eps=eps)
        self.mlp = MixedMlp(width, gelu)
        self.drop = DropPath(drop_path)

    def forward(self, map_: Tensor, allowed: Tensor | None = None) -> Tensor:
        """(B, C, H, W); ``allowed`` as for ``attend``."""
        map_ = map_ + self.drop(self.attention(self.norm1(map_), allowed))
        result: Tensor = map_ + self.drop(self.mlp(self.norm2(map_)))
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
        self.embed_norm = CellNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads, reduction, d) for d in drops)
        self.norm = CellNorm(width, eps=1e-6)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, width, H / stride, W / stride)."""
        return self.finished(self.embedded(map_))

    def embedded(self, map_: Tensor) -> Tensor:
        """The patches."""
        result: Tensor = self.embed_norm(self.embed(map_))
        return result

    def finished(self, map_: Tensor) -> Tensor:
        """The patches after the blocks."""
        for block in self.blocks:
            map_ = block(map_)
        result: Tensor = self.norm(map_)
        return result


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
        finest, *coarser = [layer(map_) for layer, map_ in zip(self.reduce, maps, strict=True)]
        side = finest.shape[2:]
        same = [
            F.interpolate(map_, size=side, mode="bilinear", align_corners=False) for map_ in coarser
        ]
        result: Tensor = self.predict(self.drop(self.join(torch.cat([*same[::-1], finest], dim=1))))
        return result
