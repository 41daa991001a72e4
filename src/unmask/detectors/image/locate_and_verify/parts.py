"""What two Xceptions tell each other, and how their maps come together.

Shuai, Zhong, Wu, Lin, Wang, Ba, Liu, Cavallaro and Ren 2023, "Locate and Verify: A Two-Stream
Network for Improved Deepfake Detection", section 3.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SHORT = 1e-8
"""A vector that is shorter is like nothing."""


def agree(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-modality consistency: each map gets the other, as much as they are alike in a place.

    The second gets the first as it has become, as in the authors' program.
    """
    lengths = [torch.linalg.vector_norm(map_, dim=1, keepdim=True) for map_ in (first, second)]
    product = lengths[0].clamp(min=_SHORT) * lengths[1].clamp(min=_SHORT)
    alike = (first * second).sum(1, keepdim=True) / product
    first = first + second * alike
    second = second + first * alike
    return F.relu(first), F.relu(second)


class Guided(nn.Module):
    """Local forgery guided attention: places of a map hear those that are alike in the guide.

    What they hear counts nothing at the start.
    """

    def __init__(self, width: int, ratio: int = 4) -> None:
        super().__init__()
        self.query = nn.Conv2d(width, width // ratio, 1)
        self.key = nn.Conv2d(width, width // ratio, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, map_: Tensor, guide: Tensor) -> Tensor:
        """Both (B, C, H, W)."""
        keys = self.key(guide).flatten(2).transpose(1, 2)
        shares = (keys @ self.query(guide).flatten(2)).softmax(1)
        heard = self.value(map_).flatten(2) @ shares
        return F.relu(self.gamma * heard.reshape(map_.shape) + map_)


def filled_up(map_: Tensor, side: int) -> Tensor:
    """A map whose sides are the next multiples of ``side``; its rim goes on."""
    more = -map_.shape[-1] % side
    rim = (more // 2, (more + 1) // 2) * 2
    return F.pad(map_, rim, mode="replicate") if more else map_


def fused(fine: Tensor, coarse: Tensor) -> Tensor:
    """Multi-scale patch features: how a fine map goes with a coarse one, cell by cell.

    (B, C, h, w) and (B, C, S, S) to (B, k², S, S), k fine cells along one coarse.
    """
    side = coarse.shape[-1]
    fine = filled_up(fine, side)
    times = fine.shape[-1] // side
    large = F.interpolate(coarse, scale_factor=times) if times > 1 else coarse
    alike = torch.tanh(fine * large).sum(1, keepdim=True)
    return F.pixel_unshuffle(alike, times) if times > 1 else alike


def pooled(map_: Tensor, side: int) -> Tensor:
    """The highest value in each of ``side`` × ``side`` parts."""
    map_ = filled_up(map_, side)
    cells = map_.shape[-1] // side
    return F.max_pool2d(map_, cells) if cells > 1 else map_


class Bilinear(nn.Module):
    """Heterogeneous bilinear fusion: both maps to one width, multiplied, and to ``outside``."""

    def __init__(self, first: int, second: int, hidden: int, outside: int) -> None:
        super().__init__()
        self.first = nn.Linear(first, hidden)
        self.second = nn.Linear(second, hidden)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(hidden, outside)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two maps of one size, (B, C, H, W)."""
        one, other = (map_.permute(0, 2, 3, 1) for map_ in (first, second))
        product = torch.tanh(self.first(one) * self.second(other))
        result: Tensor = self.out(self.drop(product)).permute(0, 3, 1, 2)
        return result
