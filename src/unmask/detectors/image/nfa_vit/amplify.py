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
    Block,
    CellNorm,
    Shape,
    compared,
    initialise,
    told,
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

    rows, columns = (
        torch.arange(size, device=like.device) // reduction % groups for size in like.shape[2:]
    )
    cells = rows[:, None] * groups + columns
    keys = cells[reduction - 1 :: reduction, reduction - 1 :: reduction]  # of each whole square
    return cells.reshape(-1, 1) == keys.flatten()


def least(scores: Tensor, share: float = LEAST) -> Tensor:
    """True at the ``share`` of keys with the lowest scores, one at least, (…, queries, keys)."""
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
        """A map (B, C, H, W), and the keys that each cell heeds least (B · heads, cells, keys)."""
        heads = self.attention.heads
        query, key, value = self.attention.asked(map_)
        scores = compared(query, key, heads)
        map_ = 2 * self.attention.out(told(value, scores, heads, query))
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

    def __init__(
        self, inside: int, width: int, heads: int, reduction: int, place: int, depth: int
    ) -> None:
        super().__init__(inside, width, place)
        self.blocks = nn.ModuleList(NoiseBlock(width, heads, reduction) for _ in range(depth))

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
        self,
        inside: int,
        width: int,
        heads: int,
        reduction: int,
        place: int,
        drops: Sequence[float],
    ) -> None:
        super().__init__(inside, width, place)
        self.reduction = reduction
        self.blocks = nn.ModuleList(
            Block(width, heads, reduction, drop, _EPS, _GELU) for drop in drops
        )

    def forward(self, map_: Tensor, named: Tensor) -> Tensor:
        """``named``: the keys that the noise stream's stage names."""
        map_ = self.embed_norm(self.embed(map_))
        *thinned, guided = self.blocks
        if thinned:
            near = grid(map_, self.reduction)
            for block in thinned:
                map_ = block(map_, near)
        map_ = guided(map_, named)
        result: Tensor = self.norm(map_)
        return result


def noise_stream(shape: Shape) -> nn.ModuleList:
    """The stages over the one channel of noise."""
    stages, inside = [], 1
    parts = zip(shape.widths, shape.heads, shape.reductions, shape.depths, strict=True)
    for place, (width, heads, reduction, depth) in enumerate(parts):
        stages.append(NoiseStage(inside, width, heads, reduction, place, depth))
        inside = width
    return nn.ModuleList(stages).apply(initialise)


def picture_stream(shape: Shape) -> nn.ModuleList:
    """The stages over the photo."""
    total = sum(shape.depths)
    rates = [shape.drop_path * i / max(total - 1, 1) for i in range(total)]
    stages, inside, done = [], 3, 0
    parts = zip(shape.widths, shape.heads, shape.reductions, shape.depths, strict=True)
    for place, (width, heads, reduction, depth) in enumerate(parts):
        drops = rates[done : done + depth]
        stages.append(PictureStage(inside, width, heads, reduction, place, drops))
        inside, done = width, done + depth
    return nn.ModuleList(stages).apply(initialise)
