"""The noise predictor: the U-Net of the ablated diffusion model, names as in its checkpoint.

Dhariwal and Nichol 2021, "Diffusion Models Beat GANs on Image Synthesis", section 3, in its
unconditional form of 256 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_GROUPS = 32
_LONGEST = 10_000.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Width, what it is multiplied with from level to level, blocks of a level on the way down (one
    more on the way up), at which sides in pixels cells attend to each other, channels of a head,
    side of the picture."""

    width: int = 256
    times: Sequence[int] = (1, 1, 2, 2, 4, 4)
    blocks: int = 2
    attends: Sequence[int] = (32, 16, 8)
    head: int = 64
    side: int = 256


class Moments(nn.Module):
    """Cosines and sines of steps (B), ``width`` numbers each."""

    rates: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        rates = torch.exp(-math.log(_LONGEST) * torch.arange(half) / half)
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, step: Tensor) -> Tensor:
        """(B, width)."""
        angle = step.float().unsqueeze(1) * self.rates
        return torch.cat([angle.cos(), angle.sin()], dim=1)


class Residual(nn.Module):
    """Two convolutions with a bypass, scaled and shifted by the step; ``scale``: "", up or down."""

    def __init__(self, inside: int, outside: int, time: int, scale: str = "") -> None:
        super().__init__()
        self.scale = scale
        self.in_layers = nn.Sequential(
            nn.GroupNorm(_GROUPS, inside), nn.SiLU(), nn.Conv2d(inside, outside, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, 2 * outside))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(_GROUPS, outside),
            nn.SiLU(),
            nn.Identity(),  # their dropout, of nothing
            nn.Conv2d(outside, outside, 3, padding=1),
        )
        self.skip_connection: nn.Module = nn.Identity()
        if inside != outside:
            self.skip_connection = nn.Conv2d(inside, outside, 1)

    def _scaled(self, map_: Tensor) -> Tensor:
        if self.scale == "up":
            return F.interpolate(map_, scale_factor=2, mode="nearest")
        return F.avg_pool2d(map_, 2) if self.scale == "down" else map_

    def forward(self, map_: Tensor, time: Tensor) -> Tensor:
        """(B, inside, H, W) and what the step became (B, time), after the SiLU of all blocks."""
        inner = self.in_layers[2](self._scaled(self.in_layers[1](self.in_layers[0](map_))))
        by, more = self.emb_layers[1](time).unflatten(1, (2, -1, 1, 1)).unbind(1)
        inner = self.out_layers[0](inner)
        inner = torch.addcmul(inner + more, inner, by)
        inner = self.out_layers[3](self.out_layers[2](self.out_layers[1](inner)))
        result: Tensor = self.skip_connection(self._scaled(map_)) + inner
        return result


class Attend(nn.Module):
    """Attention of cells to each other, with a bypass."""

    def __init__(self, width: int, head: int) -> None:
        super().__init__()
        self.heads = width // head
        self.norm = nn.GroupNorm(_GROUPS, width)
        self.qkv = nn.Conv1d(width, 3 * width, 1)
        self.proj_out = nn.Conv1d(width, width, 1)

    def forward(self, map_: Tensor, time: Tensor) -> Tensor:
        """The step is not asked."""
        cells = map_.flatten(2)
        parts = self.qkv(self.norm(cells)).unflatten(1, (self.heads, -1)).transpose(2, 3)
        query, key, value = parts.chunk(3, dim=-1)
        heard = F.scaled_dot_product_attention(query, key, value).transpose(2, 3).flatten(1, 2)
        result: Tensor = (cells + self.proj_out(heard)).unflatten(2, map_.shape[2:])
        return result


class Steps(nn.Sequential):
    """Parts of which some want to know the step."""

    def forward(self, map_: Tensor, time: Tensor) -> Tensor:  # type: ignore[override]
        """One after the other."""
        for part in self:
            map_ = part(map_) if isinstance(part, nn.Conv2d) else part(map_, time)
        return map_


class Adm(nn.Module):
    """Pictures in -1…1 with noise (B, 3, S, S) and their step (B, or 1 for all) to the noise
    (B, 3, S, S)."""

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        sizes = sizes or Sizes()
        self.moments = Moments(sizes.width)
        time = 4 * sizes.width
        self.time_embed = nn.Sequential(
            nn.Linear(sizes.width, time), nn.SiLU(), nn.Linear(time, time)
        )
        width, side = sizes.width * sizes.times[0], sizes.side
        down: list[nn.Module] = [Steps(nn.Conv2d(3, width, 3, padding=1))]
        kept = [width]
        for level, factor in enumerate(sizes.times):
            for _ in range(sizes.blocks):
                parts: list[nn.Module] = [Residual(width, sizes.width * factor, time)]
                width = sizes.width * factor
                if side in sizes.attends:
                    parts.append(Attend(width, sizes.head))
                down.append(Steps(*parts))
                kept.append(width)
            if level < len(sizes.times) - 1:
                down.append(Steps(Residual(width, width, time, "down")))
                kept.append(width)
                side //= 2
        self.input_blocks = nn.ModuleList(down)
        self.middle_block = Steps(
            Residual(width, width, time), Attend(width, sizes.head), Residual(width, width, time)
        )
        up: list[nn.Module] = []
        for level, factor in reversed(list(enumerate(sizes.times))):
            for number in range(sizes.blocks + 1):
                parts = [Residual(width + kept.pop(), sizes.width * factor, time)]
                width = sizes.width * factor
                if side in sizes.attends:
                    parts.append(Attend(width, sizes.head))
                if level and number == sizes.blocks:
                    parts.append(Residual(width, width, time, "up"))
                    side *= 2
                up.append(Steps(*parts))
        self.output_blocks = nn.ModuleList(up)
        self.out = nn.Sequential(
            nn.GroupNorm(_GROUPS, width), nn.SiLU(), nn.Conv2d(width, 6, 3, padding=1)
        )

    def forward(self, picture: Tensor, step: Tensor) -> Tensor:
        """What it guesses of the variance is left out."""
        time = F.silu(self.time_embed(self.moments(step)))
        kept = []
        for part in self.input_blocks:
            picture = part(picture, time)
            kept.append(picture)
        picture = self.middle_block(picture, time)
        for part in self.output_blocks:
            picture = part(torch.cat([picture, kept.pop()], dim=1), time)
        result: Tensor = self.out(picture).narrow(1, 0, 3)
        return result
