"""The attention of Video Swin (Liu et al. 2022, section 3), under the names of torchvision's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FAR = -100.0
"""Added to how cells of one window fit each other that are no neighbours in the clip."""


def partitioned(x: Tensor, window: Sequence[int]) -> Tensor:
    """Maps (B, T, H, W, C) as cells of their windows (B · windows, cells, C)."""
    parts = [size // side for size, side in zip(x.shape[1:4], window, strict=True)]
    if parts == [1, 1, 1]:
        return x.flatten(1, 3)
    sides = [one for pair in zip(parts, window, strict=True) for one in pair]
    cut = x.reshape(-1, *sides, x.shape[4]).permute(0, 1, 3, 5, 2, 4, 6, 7)
    return cut.reshape(-1, window[0] * window[1] * window[2], x.shape[4])


def joined(cells: Tensor, sizes: Sequence[int], window: Sequence[int]) -> Tensor:
    """The way back, to maps of ``sizes`` (T, H, W)."""
    parts = [size // side for size, side in zip(sizes, window, strict=True)]
    if parts == [1, 1, 1]:
        return cells.reshape(-1, *sizes, cells.shape[-1])
    cut = cells.reshape(-1, *parts, *window, cells.shape[-1]).permute(0, 1, 4, 2, 5, 3, 6, 7)
    return cut.reshape(-1, *sizes, cells.shape[-1])


def _apart(sizes: Sequence[int], window: Sequence[int], shift: Sequence[int]) -> Tensor:
    """Which cells of a window came together by the shift alone (windows, 1, cells, cells)."""
    region = torch.zeros(1, 1, 1)
    for axis, (size, side, step) in enumerate(zip(sizes, window, shift, strict=True)):
        place = torch.arange(size)
        part = (place >= size - side).float() + (place >= size - step).float()
        region = 3 * region + part.reshape([-1 if one == axis else 1 for one in range(3)])
    cells = partitioned(region[None, ..., None], window)[..., 0]
    return (cells[:, None] != cells[:, :, None]).float()[:, None] * _FAR


class Windows(nn.Module):
    """Maps (B, T, H, W, C) whose cells attend to those of their window, which may be shifted.

    A window is no larger than the maps, and never shifted along an axis that it fills.
    """

    relative_position_index: Tensor

    def __init__(
        self,
        dim: int,
        window_size: Sequence[int],
        shift_size: Sequence[int],
        num_heads: int,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        assert not attention_dropout
        assert not dropout
        self.window, self.shift, self.heads = tuple(window_size), tuple(shift_size), num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        reach = [2 * side - 1 for side in self.window]
        table = torch.zeros(reach[0] * reach[1] * reach[2], num_heads)
        self.relative_position_bias_table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        grid = torch.meshgrid(*(torch.arange(side) for side in self.window), indexing="ij")
        place = torch.stack(grid).flatten(1)
        far = place[:, :, None] - place[:, None] + torch.tensor(self.window)[:, None, None] - 1
        index = (far[0] * reach[1] + far[1]) * reach[2] + far[2]
        self.register_buffer("relative_position_index", index)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        came = x.shape[1:4]
        window = [min(side, size) for side, size in zip(self.window, came, strict=True)]
        shift = [
            step if side < size else 0
            for step, side, size in zip(self.shift, self.window, came, strict=True)
        ]
        missing = [-size % side for side, size in zip(window, came, strict=True)]
        if any(missing):
            x = F.pad(x, (0, 0, 0, missing[2], 0, missing[1], 0, missing[0]))
        sizes = x.shape[1:4]
        if any(shift):
            x = x.roll([-step for step in shift], (1, 2, 3))
        cells = partitioned(x, window)
        parts = self.qkv(cells).unflatten(2, (3 * self.heads, -1)).transpose(1, 2)
        asked, keys, values = parts.chunk(3, 1)
        many = cells.shape[1]
        index = self.relative_position_index
        if many < len(index):
            index = index.narrow(0, 0, many).narrow(1, 0, many)
        fits = self.relative_position_bias_table[index].permute(2, 0, 1)[None]
        if any(shift):
            fits = fits + _apart(sizes, window, shift).to(fits)
            fits = fits.repeat(x.shape[0], 1, 1, 1)
        heard = F.scaled_dot_product_attention(asked, keys, values, fits, scale=self.scale)
        x = joined(self.proj(heard.transpose(1, 2).flatten(2)), sizes, window)
        if any(shift):
            x = x.roll(shift, (1, 2, 3))
        for axis, size in enumerate(came, 1):
            x = x if x.shape[axis] == size else x.narrow(axis, 0, size)
        return x


class Merging(nn.Module):
    """Maps (..., H, W, C) to (..., H / 2, W / 2, 2 C): four neighbours become one."""

    def __init__(self, dim: int, norm_layer: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """Columns of the square go first, then its rows."""
        high, wide = x.shape[-3] % 2, x.shape[-2] % 2
        if high or wide:
            x = F.pad(x, (0, 0, 0, wide, 0, high))
        high, wide = x.shape[-3] // 2, x.shape[-2] // 2
        square = x.reshape(*x.shape[:-3], high, 2, wide, 2, x.shape[-1])
        near = square.movedim((-2, -4), (-3, -2)).flatten(-3)
        merged: Tensor = self.reduction(self.norm(near))
        return merged
