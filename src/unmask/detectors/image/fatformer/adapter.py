"""What is added to CLIP's blocks: a bottleneck in space, attention among and within wavelet bands.

Liu et al. 2024, "Forgery-aware Adaptive Transformer for Generalizable Synthetic Image Detection",
section 3.2.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.haar import haar, unhaar

_SCALE = 0.1
"""Of the path in space."""
HEADS = 8
GROUPS = 128


class Bands(nn.Module):
    """Attention among the four bands at each place, then within each band, then an MLP.

    Each with a bypass and a norm after it; (B, 4, N, C) as before.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.among = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm_among = nn.LayerNorm(width)
        self.within = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm_within = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, bands: Tensor) -> Tensor:
        """Coarse first, then what changes down, across, both."""
        batch, _, places, width = bands.shape
        here = bands.transpose(1, 2).reshape(batch * places, 4, width)
        heard = self.among(here, here, here, need_weights=False)[0]
        heard = heard.reshape(batch, places, 4, width).transpose(1, 2)
        bands = self.norm_among(bands + self.drop(heard))
        alone = bands.reshape(batch * 4, places, width)
        heard = self.within(alone, alone, alone, need_weights=False)[0]
        bands = self.norm_within(bands + self.drop(heard.reshape(bands.shape)))
        inner = self.narrow(self.drop(F.relu(self.wide(bands))))
        result: Tensor = self.norm(bands + self.drop(inner))
        return result


class Adapter(nn.Module):
    """What a block's tokens (B, 1 + N, C) get added; N is the square of an even number.

    ``opened``: how far the path in frequency is open at the start.
    """

    def __init__(
        self, width: int, bottleneck: int = 64, dropout: float = 0.1, opened: float = 0.0
    ) -> None:
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        self.band_norm = nn.GroupNorm(min(GROUPS, width), width)
        self.bands = Bands(width, dropout)
        self.open = nn.Parameter(torch.full((1,), opened))
        self.drop = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """The class token gets nothing from the frequencies."""
        patches = tokens[:, 1:]
        side = math.isqrt(patches.shape[1])
        batch, _, width = tokens.shape
        planes = patches.transpose(1, 2).reshape(batch, width, side, side)
        bands = self.band_norm(torch.stack(haar(planes), dim=2).flatten(3))
        seen = self.bands(bands.permute(0, 2, 3, 1))  # B, 4, places, C
        maps = seen.reshape(batch, 4, side // 2, side // 2, width).permute(1, 0, 4, 2, 3)
        frequency = F.pad(unhaar(*maps).flatten(2).transpose(1, 2), (0, 0, 1, 0))
        space = self.up(self.drop(F.relu(self.down(tokens))))
        result: Tensor = _SCALE * space + self.open * frequency
        return result
