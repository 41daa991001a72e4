"""Attention of each cell to the square of cells around it, in two streams and between them.

Hassani et al. 2023, "Neighborhood Attention Transformer", section 3.1; between streams as in Luo et
al. 2024, section 4.3 (gated cross neighbourhood attention). Maps lie as (B, H, W, C).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

SQUARE = 5
_REACH = 2 * SQUARE - 1


class Around(NamedTuple):
    """The 25 neighbours of each cell of a map: which cell (H·W · 25), where it lies seen from here
    (as number, H·W × 25), and what is added to its likeness (H·W × 25 × 1): -∞ where there is none,
    else 0."""

    cells: Tensor
    places: Tensor
    added: Tensor


def around(map_: Tensor) -> Around:
    """The neighbours in a map (B, H, W, C).

    Near the rim the square is moved inwards, so that all cells have as many; in a map of fewer than
    five cells what is beyond it does not count.
    """
    height, width = map_.shape[1:3]
    rows, down, below = _row(height, map_.device)
    columns, across, beyond = _row(width, map_.device)
    cells = rows[:, None, :, None] * width + columns[None, :, None]
    places = down[:, None, :, None] * _REACH + across[None, :, None]
    missing = below[:, None, :, None] | beyond[None, :, None]
    shape = (height * width, SQUARE**2)
    none = torch.zeros_like(missing, dtype=map_.dtype).masked_fill(missing, -torch.inf)
    return Around(cells.flatten(), places.reshape(shape), none.reshape(*shape, 1))


def _row(length: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Along one side: which cells each cell sees, how far away, and what is beyond; length × 5."""
    cell = torch.arange(length, device=device)[:, None]
    last = torch.full_like(cell, length)
    first = (cell - SQUARE // 2).clamp(min=0).minimum((last - SQUARE).clamp(min=0))
    seen = first + torch.arange(SQUARE, device=device)
    return seen.minimum(last - 1), seen - cell + SQUARE - 1, seen >= last


class Neighbourhood(nn.Module):
    """Queries of one map, keys and values of one (the same or another).

    It holds 25 keys of every cell at once: about 1 GB for a map of a megapixel picture.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.place = nn.Parameter(torch.empty(heads, _REACH, _REACH))
        nn.init.trunc_normal_(self.place, std=0.02)
        self.out = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor, near: Around) -> Tensor:
        """(B, H, W, C) from both."""
        size = asking.shape[-1] // self.heads
        batch = asking.shape[0]
        query = (self.query(asking) * size**-0.5).reshape(batch, -1, 1, self.heads, size)
        both = self.key_value(asked).flatten(1, 2).index_select(1, near.cells)
        keys, values = both.reshape(batch, -1, SQUARE**2, 2, self.heads, size).unbind(3)
        nearness = self.place.flatten(1).T[near.places] + near.added
        shares = ((query * keys).sum(-1) + nearness).softmax(2)
        heard = (shares[..., None] * values).sum(2)
        result: Tensor = self.out(heard.flatten(2)).reshape(asking.shape)
        return result


class Layer(nn.Module):
    """Attention within a map and an MLP, each with a norm before and a bypass."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Neighbourhood(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, map_: Tensor, near: Around) -> Tensor:
        """(B, H, W, C)."""
        normed = self.norm1(map_)
        map_ = map_ + self.attention(normed, normed, near)
        result: Tensor = map_ + self.mlp(self.norm2(map_))
        return result


class Cross(nn.Module):
    """Attention to another map, let in by a gate that is shut at the start, and an MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.norm_other = nn.LayerNorm(width)
        self.attention = Neighbourhood(width, heads)
        self.gate = nn.Parameter(torch.zeros(()))
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, map_: Tensor, other: Tensor, near: Around) -> Tensor:
        """``map_`` and what it heard of ``other``, both (B, H, W, C)."""
        heard = self.attention(self.norm1(map_), self.norm_other(other), near)
        open_ = torch.tanh(self.gate)
        map_ = (1 - open_) * map_ + open_ * heard
        result: Tensor = map_ + self.mlp(self.norm2(map_))
        return result


class Fuse(nn.Module):
    """Each stream looks around, the first asks the second, looks around again, and is normed."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.own, self.other = Layer(width, heads), Layer(width, heads)
        self.cross = Cross(width, heads)
        self.after = Layer(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two maps (B, C, H, W) to one."""
        first, second = (map_.permute(0, 2, 3, 1) for map_ in (first, second))
        near = around(first)
        fused = self.cross(self.own(first, near), self.other(second, near), near)
        result: Tensor = self.norm(self.after(fused, near)).permute(0, 3, 1, 2)
        return result
