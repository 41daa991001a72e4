"""Attention of each cell to the square of cells around it, in two streams and between them.

Hassani et al. 2023, "Neighborhood Attention Transformer", section 3.1; between streams as in Luo et
al. 2024, section 4.3 (gated cross neighbourhood attention). Maps lie as (B, H·W, C).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SQUARE = 5
_REACH = 2 * SQUARE - 1


class Around(NamedTuple):
    """The 25 neighbours of each cell of a map (H·W × 25): which cell, and where it lies seen from
    here, as number of a table whose last entry is for what is not there.
    """

    cells: Tensor
    places: Tensor


def around(height: int, width: int, device: torch.device | None = None) -> Around:
    """The neighbours in a map of that size.

    Near the rim the square is moved inwards, so that all cells have as many; in a map of fewer than
    five cells what is beyond it does not count.
    """
    above, rows = _line(height, (-1, 1, 1, 1), (1, 1, -1, 1), device)
    left, columns = _line(width, (1, -1, 1, 1), (1, 1, 1, -1), device)
    cells = (rows * width + columns).clamp(min=0)
    places = (rows - above) * _REACH + (columns - left)
    places = places.masked_fill(torch.minimum(rows, columns) < 0, _REACH**2)
    shape = (height * width, SQUARE**2)
    return Around(cells.reshape(shape), places.reshape(shape))


def _line(
    length: int, along: tuple[int, ...], square: tuple[int, ...], device: torch.device | None
) -> tuple[Tensor, Tensor]:
    """Along one side: the farthest cell that each cell might see, and which it sees (below 0 in a
    line of less than five).

    ``along`` and ``square``: shapes of the cells and of those that each sees.
    """
    farthest = torch.arange(1 - SQUARE, length + 1 - SQUARE, device=device).reshape(along)
    first = (farthest + SQUARE // 2).clamp(0, length - SQUARE)
    return farthest, first + torch.arange(SQUARE, device=device).reshape(square)


class Neighbourhood(nn.Module):
    """Queries of one map, keys and values of one (the same or another).

    It holds 25 keys of every cell at once: about 1 GB for a map of a megapixel picture.
    """

    members: Tensor

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.place = nn.Parameter(torch.empty(heads, _REACH, _REACH))
        nn.init.trunc_normal_(self.place, std=0.02)
        self.out = nn.Linear(width, width)
        # Which channels are a head's: a product with it is less to export than a change of shape.
        members = torch.eye(heads).repeat_interleave(width // heads, dim=1)
        self.register_buffer("members", members, persistent=False)
        self.scale = (width // heads) ** -0.5

    def forward(self, asking: Tensor, asked: Tensor, near: Around) -> Tensor:
        """(B, H·W, C) from both."""
        query = self.query(asking) * self.scale
        keys, values = (
            F.linear(asked, weight, bias)[:, near.cells]
            for weight, bias in zip(
                self.key_value.weight.chunk(2), self.key_value.bias.chunk(2), strict=True
            )
        )
        table = F.pad(self.place.flatten(1), (0, 1), value=-torch.inf)
        nearness = table.T[near.places]
        scores = F.linear(query.unsqueeze(2) * keys, self.members) + nearness
        shares = F.linear(scores.softmax(2), self.members.T)
        result: Tensor = self.out((shares * values).sum(2))
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
        """(B, H·W, C)."""
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
        """``map_`` and what it heard of ``other``, both (B, H·W, C)."""
        heard = self.attention(self.norm1(map_), self.norm_other(other), near)
        open_ = torch.tanh(self.gate)
        map_ = (1 - open_) * map_ + open_ * heard
        result: Tensor = map_ + self.mlp(self.norm2(map_))
        return result


class Fuse(nn.Module):
    """Each stream looks around, the first asks the second, looks around again, and is normed.

    ``before``: whether they look around before one asks the other.
    """

    def __init__(self, width: int, heads: int, before: bool = True) -> None:
        super().__init__()
        self.before = before
        if before:
            self.own, self.other = Layer(width, heads), Layer(width, heads)
        self.cross = Cross(width, heads)
        self.after = Layer(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two maps (B, C, H, W) to one."""
        height, width = first.shape[2:]
        near = around(height, width, first.device)
        own, other = (map_.permute(0, 2, 3, 1).flatten(1, 2) for map_ in (first, second))
        if self.before:
            own, other = self.own(own, near), self.other(other, near)
        result: Tensor = self.norm(self.after(self.cross(own, other, near), near))
        return result.mT.reshape(first.shape)
