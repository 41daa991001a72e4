"""Small parts that the network's head is made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def normed(inside: int, outside: int, side: int = 1, dilation: int = 1, groups: int = 1,
           stride: int = 1) -> nn.Sequential:  # fmt: skip
    """A convolution that keeps the size (but for ``stride``), a norm and ReLU."""
    rim = dilation * (side // 2)
    conv = nn.Conv2d(inside, outside, side, stride, rim, dilation, groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


def apart(inside: int, outside: int, dilation: int = 1) -> nn.Sequential:
    """Each channel by itself in a square of nine, then all channels of each place."""
    return nn.Sequential(
        normed(inside, inside, 3, dilation, groups=inside), normed(inside, outside)
    )


def sized(map_: Tensor, like: Tensor) -> Tensor:
    """A map at the size of another, by straight lines between the middles of its cells."""
    return F.interpolate(map_, size=like.shape[2:], mode="bilinear", align_corners=False)


class Pooled(nn.Module):
    """The coarsest map beside its means over grids of a few cells (Zhao et al. 2017, "PSPNet")."""

    def __init__(self, inside: int, width: int, grids: Sequence[int]) -> None:
        super().__init__()
        self.grids = tuple(grids)
        self.each = nn.ModuleList(normed(inside, width) for _ in grids)
        self.join = normed(inside + len(grids) * width, width, 3)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, width, H, W)."""
        means = [
            sized(layer(F.adaptive_avg_pool2d(map_, grid)), map_)
            for grid, layer in zip(self.grids, self.each, strict=True)
        ]
        result: Tensor = self.join(torch.cat([map_, *means], 1))
        return result


class Weighed(nn.Module):
    """Maps of several levels added at the finest one's size, each by a weight that the means of all
    of them decide."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        inside = count * width
        self.weigh = nn.Sequential(
            nn.Conv2d(inside, inside // 8, 1), nn.ReLU(), nn.Conv2d(inside // 8, count, 1),
            nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps from fine to coarse, all with the same channels."""
        means = torch.cat([map_.mean((2, 3), keepdim=True) for map_ in maps], 1)
        shares = self.weigh(means).split(1, 1)
        sized_maps = [maps[0], *(sized(map_, maps[0]) for map_ in maps[1:])]
        return torch.stack([s * m for s, m in zip(shares, sized_maps, strict=True)]).sum(0)
