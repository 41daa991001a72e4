"""Pooling attention of a multiscale transformer (Li et al. 2022, "MViTv2", section 4).

torchvision's layers and parameter names, computed in fewer steps: all heads are pooled in one
convolution, how far cells lie apart is looked up once, and the positions of a picture's plane are
added before they are compared.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Grid = tuple[int, int, int]
"""Cells along time, height and width."""


def _apart(asking: int, asked: int) -> Tensor:
    """Rows of a table of distances for every two cells of one axis (asking, asked)."""
    rough, fine = max(asked / asking, 1.0), max(asking / asked, 1.0)
    place = torch.arange(asking)[:, None] * rough
    other = (torch.arange(asked)[None] + 1.0 - asked) * fine
    return (place - other).long()


class PoolingAttention(nn.Module):
    """Takes over the layers of ``made``, torchvision's ``MultiscaleAttention`` over ``grid``.

    Positions along each axis count by their distance; what asks is added to what it reads. The
    grid's sides must be divisible by all strides. ``apart_t`` has a row for every moment,
    ``apart_h`` and ``apart_w`` one for every cell of the plane.
    """

    apart_t: Tensor
    apart_h: Tensor
    apart_w: Tensor

    def __init__(self, made: Any, grid: Grid) -> None:
        super().__init__()
        self.heads, self.scale = int(made.num_heads), float(made.scaler)
        self.qkv, self.project = made.qkv, made.project
        self.pool_q, self.pool_k, self.pool_v = made.pool_q, made.pool_k, made.pool_v
        for axis in "hwt":
            self.register_parameter(f"rel_pos_{axis}", getattr(made, f"rel_pos_{axis}"))
        self.grid = grid
        self.goes = self._pooled(self.pool_q.pool.stride)
        pairs = zip(self.goes, self._pooled(self.pool_k.pool.stride), strict=True)
        time, height, width = (_apart(asking, asked) for asking, asked in pairs)
        across, down = width.shape, height.shape
        rows = height.repeat_interleave(across[0], 0).repeat_interleave(across[1], 1)
        for axis, apart in (("t", time), ("h", rows), ("w", width.repeat(*down))):
            self.register_buffer(f"apart_{axis}", apart, persistent=False)

    def _pooled(self, stride: tuple[int, ...]) -> Grid:
        time, height, width = (side // by for side, by in zip(self.grid, stride, strict=True))
        return time, height, width

    def _cells(self, first: Tensor, rest: Tensor, pools: list[Any]) -> Tensor:
        """The class token (B, P · C, 1) and pooled cells, (B, P · heads, 1 + cells, C / heads)."""
        like = pools[0].pool
        weight = torch.cat([pool.pool.weight for pool in pools for _ in range(self.heads)])
        pooled = F.conv3d(rest, weight, None, like.stride, like.padding, groups=len(weight))
        tokens = torch.cat([first, pooled.flatten(2)], 2)
        return torch.unflatten(tokens, 1, (len(pools) * self.heads, -1)).transpose(2, 3)

    def _positions(self, asking: Tensor) -> Tensor:
        """What the distance of cells adds to how they fit (B, heads, cells, other cells)."""
        cells = torch.unflatten(asking, 2, (self.goes[0], -1))
        time, row, column = (
            self.get_parameter(f"rel_pos_{axis}")[self.get_buffer(f"apart_{axis}")]
            for axis in "thw"
        )
        by_time = torch.einsum("bntpc,tkc->bntpk", cells, time)
        by_place = torch.einsum("bntpc,pkc->bntpk", cells, row + column)
        both = by_time.unsqueeze(5) + by_place.unsqueeze(4)
        return both.reshape(*asking.shape[:3], -1)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Tokens (B, 1 + cells, C), the class token first, to the same of the grid it gives."""
        every = self.qkv(tokens).transpose(1, 2)
        first, rest = torch.split(every, [1, every.shape[2] - 1], dim=2)
        rest = torch.unflatten(rest, 2, grid)
        sizes = [every.shape[1] // 3, every.shape[1] // 3 * 2]
        asks, asked = zip(torch.split(first, sizes, 1), torch.split(rest, sizes, 1), strict=True)
        query = self.pool_q.norm_act(self._cells(*asks, [self.pool_q]))
        key, value = self._cells(*asked, [self.pool_k, self.pool_v]).chunk(2, dim=1)
        key, value = self.pool_k.norm_act(key), self.pool_v.norm_act(value)
        cells = query.narrow(2, 1, query.shape[2] - 1)
        near = F.pad(self._positions(cells), (1, 0, 1, 0))
        read = F.scaled_dot_product_attention(query, key, value, near, scale=self.scale)
        read = read + F.pad(cells, (0, 0, 1, 0))
        told: Tensor = self.project(read.transpose(1, 2).flatten(2))
        return told, self.goes
