"""Self-rectification: the last map says where to look, and the features are weighed anew."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.web_iml.blocks import apart, normed, sized

KERNEL = 31
"""Cells across which a map is spread."""


class Spread(nn.Module):
    """A map of chances (B, 1, H, W) spread by a kernel that the map itself decides, and not below
    what it was."""

    def __init__(self, base: int = 32, depth: int = 5) -> None:
        super().__init__()
        widths = [1] + [base * 2**i for i in range(depth)]
        self.layers = nn.Sequential(
            *(
                normed(widths[i], widths[i + 1], 5 if i < depth - 1 else 3, stride=2)
                for i in range(depth)
            ),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1),
            nn.Linear(widths[-1], KERNEL**2),
        )  # fmt: skip

    def forward(self, chances: Tensor) -> Tensor:
        """Values of the spread map lie in 0…1: less its least, over its range."""
        same = F.interpolate(chances, size=(64, 64), mode="bilinear", align_corners=True)
        kernel = self.layers(same)[:, :, None]
        around = F.unfold(chances, KERNEL, padding=KERNEL // 2)
        spread = (around * kernel).sum(1, keepdim=True)
        spread = spread - spread.amin(2, keepdim=True)
        spread = spread / (spread.amax(2, keepdim=True) + 1e-8)
        return torch.maximum(spread.reshape(chances.shape), chances)


class Decoder(nn.Module):
    """Features at an eighth of the side and fine ones at a quarter, to a map of two classes.

    After Chen et al. 2018 (DeepLabv3+): dilated convolutions apart by channel, and the mean of all.
    """

    def __init__(self, inside: int, width: int, fine: int, dilations: tuple[int, ...],
                 refine: int = 2) -> None:  # fmt: skip
        super().__init__()
        self.mean = normed(inside, width)
        self.near = normed(inside, width)
        self.far = nn.ModuleList(apart(inside, width, rate) for rate in dilations)
        self.join = normed((2 + len(dilations)) * width, width, 3)
        narrow = max(1, 48 * width // 512)
        self.fine = normed(fine, narrow)
        insides = [width + narrow, *[width] * (refine - 1)]
        self.refine = nn.Sequential(*(apart(one, width) for one in insides))
        self.drop = nn.Dropout2d(0.1)
        self.predict = nn.Conv2d(width, 2, 1)

    def forward(self, fine: Tensor, joined: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds of both classes at the size of ``fine``, and the features behind them at that of
        ``joined``."""
        mean = sized(self.mean(joined.mean((2, 3), keepdim=True)), joined)
        parts = [mean, self.near(joined), *(layer(joined) for layer in self.far)]
        features: Tensor = self.join(torch.cat(parts, 1))
        detail = self.fine(fine)
        refined = self.refine(torch.cat([sized(features, detail), detail], 1))
        return self.predict(self.drop(refined)), features


class Recalibrate(nn.Module):
    """Channels weighed by the means of all, and made fewer."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(inside, inside // 8, 1), nn.ReLU(),
            nn.Conv2d(inside // 8, inside, 1), nn.Sigmoid(),
        )  # fmt: skip
        self.narrow = normed(inside, outside)

    def forward(self, map_: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, outside, H, W)."""
        result: Tensor = self.narrow(map_ * self.weigh(map_))
        return result


class Rectify(nn.Module):
    """``rounds`` times: look where the last map says, and draw a better one."""

    def __init__(self, levels: int, width: int, spread: int, dilations: tuple[int, ...],
                 rounds: int = 3, spread_depth: int = 5, refine: int = 2) -> None:  # fmt: skip
        super().__init__()
        self.spread = Spread(spread, spread_depth)
        self.decoder = Decoder(levels * width, width, width // 2, dilations, refine)
        self.again = Recalibrate((levels + 1) * width, levels * width)
        self.rounds = rounds

    def forward(
        self, first: Tensor, fine: Tensor, joined: Tensor
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """All maps from the first (B, 2, H, W) to the best, the features of the last round, and
        those that they were added to."""
        maps = [first]
        features = joined
        for number in range(self.rounds):
            chances = maps[-1].softmax(1)[:, 1:]
            chances = F.interpolate(chances, scale_factor=0.5, mode="bilinear")
            joined = joined * self.spread(chances)
            better, features = self.decoder(fine, joined)
            maps.append(better)
            if number + 1 < self.rounds:
                joined = self.again(torch.cat([joined, features], 1))
        return maps, features, joined
