"""The two kinds of attention by which NFA-ViT spreads traces of a forgery (section 4).

The noise stream names for each cell the keys that it heeds least: parts whose noise is unlike the
cell's own. The picture's stream must look at these in the last block of each stage, so that what
an edit left is carried into the untouched parts; in its other blocks a cell looks at a thinned
grid of keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unmask.nn.mix_transformer import (
    REDUCTIONS,
    Block,
    CellNorm,
    Shape,
    heads_first,
    heads_last,
    initialise,
)

GROUPS = 2
"""A cell looks at every so many-th key along each side."""
LEAST = 0.25
"""Share of the keys that a cell of the noise stream names."""
_EPS, _GELU = 1e-5, "tanh"


def grid(like: Tensor, reduction: int, groups: int = GROUPS) -> Tensor:
    """Which keys stand in a cell's own grid, (cells, keys); ``like``: a map (B, C, H, W).

    A key stands for a square of ``reduction`` cells; cell and key belong together when their
    squares have the same remainders of ``groups`` along both sides.
    """

    def remainders(height: int, width: int, square: int) -> Tensor:
        rows = torch.arange(height, device=like.device) // square % groups
        columns = torch.arange(width, device=like.device) // square % groups
        return (rows[:, None] * groups + columns).flatten()

    height, width = like.shape[2:]
    cells = remainders(height, width, reduction)
    keys = remainders(height // reduction, width // reduction, 1)
    return cells[:, None] == keys


def least(scores: Tensor, share: float = LEAST) -> Tensor:
    """True at the ``share`` of keys with the lowest scores, one at least; (…, queries, keys)."""
    count = max(1, int(scores.shape[-1] * share))
    return scores <= scores.topk(count, largest=False).values[..., -1:]


class NoiseBlock(Block):
    """A block of the noise stream as the authors' program runs it.

    It has no norm before its attention and no bypass around it: what was heard is taken twice.
    """

    def __init__(self, width: int, heads: int, reduction: int) -> None:
        super().__init__(width, heads, reduction, 0.0, _EPS, _GELU)
        self.norm1 = nn.Identity()

    def judged(self, map_: Tensor) -> tuple[Tensor, Tensor]:
        """A map (B, C, H, W), and the keys that each cell heeds least (B, heads, cells, keys)."""
        attention = self.attention
        both = attention.key_value(attention.norm(attention.reduce(map_))).chunk(2, dim=1)
        query, key, value = (
            heads_first(part, attention.heads) for part in (attention.query(map_), *both)
        )
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        map_ = 2 * attention.out(heads_last(scores.softmax(-1) @ value, map_))
        return map_ + self.mlp(self.norm2(map_)), least(scores)


class _Stage(nn.Module):
    """Overlapping patches and a closing norm; subclasses bring the blocks."""

    def __init__(self, inside: int, width: int, place: int) -> None:
        super().__init__()
        side, stride = (7, 4) if place == 0 else (3, 2)
        self.embed = nn.Conv2d(inside, width, side, stride=stride, padding=side // 2)
        self.embed_norm = CellNorm(width)
        self.norm = CellNorm(width)


class NoiseStage(_Stage):
    """A stage of the noise stream."""

    def __init__(self, inside: int, width: int, heads: int, depth: int, place: int) -> None:
        super().__init__(inside, width, place)
        self.blocks = nn.ModuleList(
            NoiseBlock(width, heads, REDUCTIONS[place]) for _ in range(depth)
        )

    def forward(self, map_: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inside, H, W) to (B, width, H / s, W / s), and what its last block named."""
        map_ = named = self.embed_norm(self.embed(map_))
        for block in self.blocks:
            assert isinstance(block, NoiseBlock)
            map_, named = block.judged(map_)
        return self.norm(map_), named


class PictureStage(_Stage):
    """A stage of the picture's stream: thinned attention, and at last the guided one."""

    def __init__(
        self, inside: int, width: int, heads: int, place: int, drops: Sequence[float]
    ) -> None:
        super().__init__(inside, width, place)
        self.reduction = REDUCTIONS[place]
        self.blocks = nn.ModuleList(
            Block(width, heads, self.reduction, drop, _EPS, _GELU) for drop in drops
        )

    def forward(self, map_: Tensor, named: Tensor) -> Tensor:
        """``named``: the keys that the noise stream's stage names."""
        map_ = self.embed_norm(self.embed(map_))
        thinned = grid(map_, self.reduction)
        last = len(self.blocks) - 1
        for place, block in enumerate(self.blocks):
            map_ = block(map_, named if place == last else thinned)
        result: Tensor = self.norm(map_)
        return result


def noise_stream(shape: Shape) -> nn.ModuleList:
    """The four stages over the one channel of noise."""
    stages, inside = [], 1
    parts = zip(shape.widths, shape.heads, shape.depths, strict=True)
    for place, (width, heads, depth) in enumerate(parts):
        stages.append(NoiseStage(inside, width, heads, depth, place))
        inside = width
    return nn.ModuleList(stages).apply(initialise)


def picture_stream(shape: Shape) -> nn.ModuleList:
    """The four stages over the photo."""
    total = sum(shape.depths)
    rates = [shape.drop_path * i / max(total - 1, 1) for i in range(total)]
    stages, inside, done = [], 3, 0
    parts = zip(shape.widths, shape.heads, shape.depths, strict=True)
    for place, (width, heads, depth) in enumerate(parts):
        stages.append(PictureStage(inside, width, heads, place, rates[done : done + depth]))
        inside, done = width, done + depth
    return nn.ModuleList(stages).apply(initialise)
