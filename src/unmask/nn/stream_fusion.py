"""How two streams correct each other and become one (Zhang et al. 2023, "CMX", section III)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.nn.mix_transformer import to_map, to_tokens


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
        to_second, to_first = self.channels(pooled).sigmoid()[:, :, None, None].chunk(2, dim=1)
        at_second, at_first = self.cells(both).sigmoid().chunk(2, dim=1)
        return (
            first + 0.5 * (to_first + at_first) * second,
            second + 0.5 * (to_second + at_second) * first,
        )


class Side(nn.Module):
    """One side of the cross attention: what a stream shows the other, and what it makes of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.split = nn.Linear(width, 2 * width)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.join = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)


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
        sides, tokens = (self.first, self.second), (to_tokens(first), to_tokens(second))
        shown = [side.split(one) for side, one in zip(sides, tokens, strict=True)]
        kept, asked = torch.stack(shown).relu().chunk(2, dim=-1)
        answers = self._answers(asked)
        done = [
            side.norm(one + side.join(heard))
            for side, one, heard in zip(
                sides, tokens, torch.cat([kept, answers], dim=-1), strict=True
            )
        ]
        both = to_map(torch.cat(done, dim=-1), first)
        result: Tensor = self.norm(self.bypass(both) + self.mixer(both))
        return result

    def _answers(self, asked: Tensor) -> Tensor:
        """What each stream asks, (2, B, N, C), answered by the other's keys against its values."""
        sides = (self.first, self.second)
        known = torch.stack([side.key_value(one) for side, one in zip(sides, asked, strict=True)])
        queries, keys, values = (
            torch.unflatten(part, -1, (self.heads, -1)).transpose(2, 3)
            for part in (asked, *known.chunk(2, dim=-1))
        )
        context = (keys.mT @ values * keys.shape[-1] ** -0.5).softmax(-2)
        answers: Tensor = (queries @ context.flip(0)).transpose(2, 3).flatten(3)
        return answers
