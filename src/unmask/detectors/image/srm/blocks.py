"""What joins picture and noise (Luo et al. 2021, sections 3.2 to 3.4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.srm import SRM, kernels

LIMIT = 3.0
"""Where residuals are cut off, in units of the normalised picture."""
_WEAK = 0.02


def _quiet(module: nn.Module) -> None:
    """Weights that begin near 0, as in the authors' attention; biases stay as they are."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.xavier_normal_(part.weight, gain=_WEAK)


class ResidualsOfFeatures(nn.Module):
    """Residuals of the channels of a map (B, C, H, W), joined by a 1 × 1 convolution; same shape.

    The paper takes all three residuals of every channel. The authors' program repeats the filters
    in another order than the channels: the first third of the channels gets the first filter three
    times, the next the second, the last the third. Its weights hang on that, so it is kept.
    """

    filters: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        which = torch.arange(3 * channels) // channels
        self.register_buffer("filters", kernels()[which][:, None], persistent=False)
        join = nn.Conv2d(3 * channels, channels, 1, bias=False)
        nn.init.kaiming_normal_(join.weight, a=1)
        self.join = nn.Sequential(join, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))

    def forward(self, features: Tensor) -> Tensor:
        """Not below 0."""
        found = F.conv2d(features, self.filters, padding=2, groups=features.shape[1])
        joined: Tensor = self.join(found.clamp(-LIMIT, LIMIT))
        return joined


class NoiseAttention(nn.Module):
    """Where the noise asks to look: residuals (B, 3, H, W) to weights (B, 1, h, w) in 0…1.

    The residuals are filtered once more; h and w are those of an Xception's stem.
    """

    def __init__(self) -> None:
        super().__init__()
        self.residuals = SRM(3, LIMIT)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
        )
        self.look = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, a=1)

    def forward(self, residuals: Tensor) -> Tensor:
        """From the mean and the largest over the channels at each place."""
        seen = self.stem(self.residuals(residuals))
        both = torch.cat([seen.mean(1, keepdim=True), seen.amax(1, keepdim=True)], 1)
        return torch.sigmoid(self.look(both))


class CrossAttention(nn.Module):
    """Two maps (B, ``width``, H, W) with H × W = ``places``; each takes from the other.

    What goes in is weighed by a number that begins at 0.
    """

    def __init__(self, width: int, places: int) -> None:
        super().__init__()
        narrow = width // 8
        self.key_first = nn.Conv2d(width, narrow, 1)
        self.key_second = nn.Conv2d(width, narrow, 1)
        self.key_shared = nn.Conv2d(narrow, narrow, 1)
        self.mix_first = nn.Linear(places, places)
        self.mix_second = nn.Linear(places, places)
        self.value_first = nn.Conv2d(width, width, 1)
        self.value_second = nn.Conv2d(width, width, 1)
        _quiet(self)
        self.share_first = nn.Parameter(torch.zeros(1))
        self.share_second = nn.Parameter(torch.zeros(1))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Both maps, of the shapes they had."""
        key_first = self.key_shared(self.key_first(first)).flatten(2)
        key_second = self.key_shared(self.key_second(second)).flatten(2)
        near = torch.bmm(key_first.mT, key_second)
        to_first = self.mix_first(near).softmax(-1)
        to_second = self.mix_second(near.mT).softmax(-1)
        given = torch.bmm(self.value_second(second).flatten(2), to_first.mT)
        back = torch.bmm(self.value_first(first).flatten(2), to_second.mT)
        return (
            self.share_first * given.view_as(first) + first,
            self.share_second * back.view_as(second) + second,
        )


class Fusion(nn.Module):
    """Two maps (B, ``width``, H, W) to one, channels weighed by means and largest values."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.join = nn.Sequential(
            nn.Conv2d(2 * width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.weigh = nn.Sequential(
            nn.Conv2d(width, width // 16, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(width // 16, width, 1, bias=False),
        )
        _quiet(self.weigh)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Not below 0."""
        joined = self.join(torch.cat([first, second], 1))
        means, most = joined.mean((2, 3), keepdim=True), joined.amax((2, 3), keepdim=True)
        weighed: Tensor = joined * torch.sigmoid(self.weigh(means) + self.weigh(most))
        return weighed
