"""How two streams correct each other and become one (Zhang et al. 2023, "CMX", section III)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.mix_transformer import heads_first, to_map, to_tokens


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

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.split = nn.Linear(width, 2 * width)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.join = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)

    def context(self, tokens: Tensor) -> Tensor:
        """Keys against values over all cells, (B, heads, C / heads, C / heads)."""
        key, value = (
            heads_first(part, self.heads) for part in self.key_value(tokens).chunk(2, dim=-1)
        )
        result: Tensor = (key.transpose(-2, -1) @ value * key.shape[-1] ** -0.5).softmax(-2)
        return result

    def finish(self, tokens: Tensor, kept: Tensor, asked: Tensor, context: Tensor) -> Tensor:
        """``asked`` answered by the other stream's context, beside what was kept."""
        answer = (heads_first(asked, self.heads) @ context).transpose(1, 2).flatten(2)
        result: Tensor = self.norm(tokens + self.join(torch.cat([kept, answer], dim=-1)))
        return result


class Fuse(nn.Module):
    """Cross attention between the streams, then a convolutional mixer over both."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.first = Side(width, heads)
        self.second = Side(width, heads)
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
        tokens = [to_tokens(first), to_tokens(second)]
        sides = [self.first, self.second]
        parts = [F.relu(s.split(t)).chunk(2, dim=-1) for s, t in zip(sides, tokens, strict=True)]
        contexts = [s.context(asked) for s, (_, asked) in zip(sides, parts, strict=True)]
        done = [
            sides[i].finish(tokens[i], parts[i][0], parts[i][1], contexts[1 - i])  # the other's
            for i in range(2)
        ]
        both = to_map(torch.cat(done, dim=-1), first)
        result: Tensor = self.norm(self.bypass(both) + self.mixer(both))
        return result
