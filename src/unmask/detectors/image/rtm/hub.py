"""The second stream: traces of saving and of noise, weighed against each other cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.mix_transformer import Block, CellNorm

TRACES = 2
"""Error levels and noise residuals; the block transform joins them at a later stage."""


class Patches(nn.Module):
    """Patches of a map, normed: (B, inside, H, W) to (B, width, H / stride, W / stride).

    They overlap unless their side is the stride. H and W are multiples of the stride, so that only
    the upper and left rim is filled up where the stride is above 1.
    """

    def __init__(self, inside: int, width: int, side: int, stride: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.rim = 0 if stride in (1, side) else side // 2
        padding = side // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inside, width, side, stride=stride, padding=padding)
        self.norm = CellNorm(width, eps=eps)

    def forward(self, map_: Tensor) -> Tensor:
        """The patches as a map."""
        if self.rim:
            map_ = F.pad(map_, (self.rim, 0, self.rim, 0))
        result: Tensor = self.norm(self.conv(map_))
        return result


class Bands(nn.Module):
    """Coefficients of 8 × 8 blocks (B, 64, H, W) to features of that shape."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.local = _normed(64, width, 3)
        self.apart = _normed(width, 2 * width, 3, groups=width)
        self.join = _normed(2 * width, width, 1)
        self.patches = Patches(width, width, 3, 1, eps=1e-6)
        self.block = Block(width, 1, 4, 0.0, eps=1e-5)
        self.norm = CellNorm(width, eps=1e-6)
        self.out = _normed(width, 64, 3)

    def forward(self, coefficients: Tensor) -> Tensor:
        """H and W are multiples of 4."""
        patches = self.patches(self.join(self.apart(self.local(coefficients))))
        result: Tensor = self.out(self.norm(self.block(patches)))
        return result


def _normed(inside: int, outside: int, side: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, side, padding=side // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.GELU())


class Select(nn.Module):
    """How much each trace counts in a cell, by how the cell is like all other cells in it."""

    def __init__(self, width: int, traces: int, reduction: int) -> None:
        super().__init__()
        self.reduction = reduction
        self.project = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(traces))
        self.weigh = nn.Sequential(nn.Conv2d(4, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 1))
        self.reduce = nn.ModuleList(
            Patches(width, width, reduction, reduction) if reduction > 1 else nn.Identity()
            for _ in range(traces)
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Shares (traces, B, H, W) that sum to 1."""
        like = torch.cat(
            [
                project(reduce(map_))
                for map_, reduce, project in zip(maps, self.reduce, self.project, strict=True)
            ]
        )
        unit = F.normalize(like.flatten(2), dim=1)
        alike = torch.bmm(unit.mT, unit)
        mean = alike.mean(1, keepdim=True)
        others: int = torch.sym_max(alike.shape[1] - 1, 1)  # type: ignore[assignment]
        spread = (alike - mean).square().sum(1, keepdim=True) / others
        seen = torch.cat(
            [mean, spread, alike.amax(1, keepdim=True), alike.amin(1, keepdim=True)], dim=1
        )
        weights = self.weigh(torch.unflatten(seen, 2, like.shape[2:]))
        shape = (len(maps), maps[0].shape[0], *like.shape[2:])
        shares: Tensor = weights.reshape(shape).softmax(0)
        if self.reduction > 1:
            shares = F.interpolate(shares, size=maps[0].shape[2:], mode="nearest")
        return shares


class HubStage(nn.Module):
    """Patches of each trace, the traces weighed and added, then blocks of a mix transformer.

    ``patches``: their side and stride; ``traces``: how many are cut into patches, and how many are
    weighed, among them what joins.
    """

    def __init__(
        self,
        inside: int,
        width: int,
        heads: int,
        patches: tuple[int, int],
        traces: tuple[int, int],
        reduction: int,
        drops: Sequence[float],
    ) -> None:
        super().__init__()
        patched, weighed = traces
        self.embeds = nn.ModuleList(Patches(inside, width, *patches) for _ in range(patched))
        self.select = Select(width, weighed, reduction)
        self.blocks = nn.ModuleList(Block(width, heads, reduction, d) for d in drops)
        self.norm = CellNorm(width, eps=1e-6)
        for module in self.blocks.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = 1e-6

    def forward(self, traces: Sequence[Tensor], joining: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Maps of the traces, and those that come without patches: the weighed maps as one
        (traces, B, C, H, W), and the stream."""
        maps = [embed(map_) for embed, map_ in zip(self.embeds, traces, strict=True)] + joining
        shares = self.select(maps)
        weighed = torch.stack(maps) * (1 + shares.unsqueeze(2))
        stream = weighed.sum(0)
        for block in self.blocks:
            stream = block(stream)
        return weighed, self.norm(stream)


def passed_on(maps: Tensor, stream: Tensor) -> list[Tensor]:
    """What goes to the next stage: the weighed maps with the stream added.

    As in the authors' program a weighed map is misread on the way: its channels are taken for
    places.
    """
    return [misread(map_) + stream for map_ in maps.unbind()]


def misread(map_: Tensor) -> Tensor:
    """A map (B, C, H, W) taken for (B, H, W, C) and turned, as (B, C, H, W)."""
    channels, height, width = map_.shape[1:]
    return torch.unflatten(map_.flatten(1), 1, (height, width, channels)).permute(0, 3, 1, 2)
