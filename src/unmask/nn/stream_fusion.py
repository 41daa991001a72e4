"""How two streams correct each other and become one (Zhang et al. 2023, "CMX", section III)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.nn.mix_transformer import CellLinear, CellNorm


class Rectify(nn.Module):
    """Each stream takes from the other, by channel and by cell, half and half."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channels = nn.Sequential(
            nn.Linear(4 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 2 * width)
        )
        self.cells = nn.Sequential(
            nn.Conv2d(2 * width, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1)
        )

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Two maps (B, C, H, W), corrected."""
        both = torch.cat([first, second], dim=1)
        pooled = torch.cat([both.mean((2, 3)), both.amax((2, 3))], dim=1)
        by_channel, by_cell = self.channels(pooled).sigmoid()[..., None, None], self.cells(both)
        to_second, to_first = by_channel.chunk(2, dim=1)
        at_second, at_first = by_cell.sigmoid().chunk(2, dim=1)
        return (
            torch.addcmul(first, to_first + at_first, second, value=0.5),
            torch.addcmul(second, to_second + at_second, first, value=0.5),
        )


class Side(nn.Module):
    """One side of the cross attention: what a stream shows the other, and what it makes of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.split = CellLinear(width, 2 * width)
        self.key_value = CellLinear(width, 2 * width, bias=False)
        self.join = CellLinear(2 * width, width)
        self.norm = CellNorm(width)


class Fuse(nn.Module):
    """Cross attention between the streams, then a convolutional mixer over both."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first = Side(width)
        self.second = Side(width)
        self.bypass = nn.Conv2d(2 * width, width, 1, bias=False)
        self.mixer = nn.Sequential(
            nn.Conv2d(2 * width, width, 1),
            nn.Conv2d(width, width, 3, padding=1, groups=width),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
        )
        self.norm = nn.BatchNorm2d(width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two maps (B, C, H, W) to one."""
        shown = [
            [part.relu() for part in side.split.halves(map_)]
            for side, map_ in ((self.first, first), (self.second, second))
        ]
        (kept, asks), (other_kept, other_asks) = shown
        context, other_context = (
            self._context(self.first, asks),
            self._context(self.second, other_asks),
        )
        both = torch.cat(
            [
                self._joined(self.first, first, kept, self._heard(asks, other_context)),
                self._joined(self.second, second, other_kept, self._heard(other_asks, context)),
            ],
            dim=1,
        )
        result: Tensor = self.norm(self.bypass(both) + self.mixer(both))
        return result

    def _split(self, map_: Tensor) -> Tensor:
        """(B, C, H, W) to (B · heads, C / heads, H·W). An export finds out the size -1 dearly."""
        batch, channels, height, width = map_.shape
        return map_.reshape(batch * self.heads, channels // self.heads, height * width)

    def _context(self, side: Side, asks: Tensor) -> Tensor:
        """What the other stream's questions are turned with, (B · heads, values, keys)."""
        keys, values = (self._split(part) for part in side.key_value.halves(asks))
        shares: Tensor = (torch.bmm(values, keys.mT) * keys.shape[1] ** -0.5).softmax(2)
        return shares

    def _heard(self, asks: Tensor, context: Tensor) -> Tensor:
        """What a stream asks, (B, C, H, W), answered by the other's keys against its values."""
        return torch.bmm(context, self._split(asks)).reshape(asks.shape)

    def _joined(self, side: Side, map_: Tensor, kept: Tensor, heard: Tensor) -> Tensor:
        """The map with what was heard."""
        result: Tensor = side.norm(map_ + side.join(torch.cat([kept, heard], dim=1)))
        return result
