"""When a video was forged: a pyramid along time and a guess at each of its points.

After ActionFormer (Zhang, Wu and Li 2022, sections 3.2 and 3.3), as OmniFD uses it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.omnifd.latents import read, reading_layers

STRIDES = (1, 2, 4, 8, 16, 32)
"""Steps between the points of each level."""
STEPS = 32
_HEADS = 4


class LastNorm(nn.LayerNorm):
    """A norm over the channels of (B, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


def convolution(came: int, goes: int) -> nn.Sequential:
    """Three steps wide, with a norm and ReLU."""
    return nn.Sequential(
        nn.Conv1d(came, goes, 3, padding=1, bias=False), LastNorm(goes, eps=1e-6), nn.ReLU()
    )


class _Scaled(nn.Module):
    """A branch × a learnt number a channel; in training some items go without it."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1, width, 1), 1e-4))
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        x = self.scale * x
        if self.training and self.drop:
            x = x * (torch.rand(len(x), 1, 1, device=x.device) >= self.drop) / (1 - self.drop)
        return x


class Along(nn.Module):
    """Sequences (B, C, T) to (B, C, T / ``stride``): attention after depthwise convolutions."""

    def __init__(self, width: int, stride: int, drop: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = LastNorm(width), LastNorm(width)
        for name in ("query", "key", "value"):
            short = nn.Conv1d(width, width, 3, stride, 1, groups=width, bias=False)
            self.add_module(f"{name}_conv", short)
            self.add_module(f"{name}_norm", LastNorm(width))
            self.add_module(name, nn.Conv1d(width, width, 1))
        self.proj = nn.Conv1d(width, width, 1)
        self.skip: nn.Module = nn.MaxPool1d(3, stride, 1) if stride > 1 else nn.Identity()
        self.mlp = nn.Sequential(
            nn.Conv1d(width, 4 * width, 1), nn.GELU(), nn.Conv1d(4 * width, width, 1)
        )
        self.scale_attn, self.scale_mlp = _Scaled(width, drop), _Scaled(width, drop)

    def _part(self, name: str, x: Tensor) -> Tensor:
        short = self.get_submodule(f"{name}_norm")(self.get_submodule(f"{name}_conv")(x))
        wide: Tensor = self.get_submodule(name)(short)
        return wide.reshape(-1, wide.shape[1] // _HEADS, wide.shape[2])

    def forward(self, x: Tensor) -> Tensor:
        """One block."""
        normed = self.norm1(x)
        asked, keys, values = (self._part(name, normed) for name in ("query", "key", "value"))
        scores = torch.bmm(asked.mT * asked.shape[1] ** -0.5, keys)
        told = torch.bmm(values, scores.softmax(2).mT)
        x = self.skip(x)
        x = x + self.scale_attn(self.proj(told.reshape(x.shape)))
        result: Tensor = x + self.scale_mlp(self.mlp(self.norm2(x)))
        return result


class Stretches(nn.Module):
    """The last maps of a clip (B, C, T, H, W) and latents (B, L, width) to guesses at 63 points.

    Log-odds that a point lies in a forged stretch (B, 63), and how far it goes back and on from
    there (B, 63, 2), in units of the point's stride; ``levels`` fewer than all have fewer points:
    the first of them. What all levels go through, they go through in
    one row, with an empty column between them.
    """

    taken: Tensor
    inside: Tensor
    points: Tensor
    apart: Tensor
    level: Tensor
    at: Tensor
    back_and_on: Tensor

    def __init__(
        self, came: int, width: int, drop: float = 0.1, levels: int = len(STRIDES)
    ) -> None:
        super().__init__()
        self.embed = convolution(came, width)
        self.stem = Along(width, 1, drop)
        self.branch = Along(width, 2, drop)
        self.norms = nn.ModuleList(LastNorm(width, eps=1e-6) for _ in range(levels))
        self.known = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
        self.fused = reading_layers(width, 1)
        self.fused_norm = nn.LayerNorm(width)
        self.cls_convs = nn.Sequential(convolution(width, width), convolution(width, width))
        self.reg_convs = nn.Sequential(convolution(width, width), convolution(width, width))
        self.cls_head = nn.Conv1d(width, 1, 3, padding=1)
        self.reg_head = nn.Conv1d(width, 2, 3, padding=1)
        nn.init.constant_(self.cls_head.bias, -math.log(99))  # type: ignore[arg-type]
        self.scales = nn.Parameter(torch.ones(levels))
        for name, value in row_of_levels(levels).items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, last: Tensor, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Both guesses, level after level."""
        x = last.mean((3, 4)).unsqueeze(3)  # as a map: one operation where it is exported
        x = F.interpolate(x, size=(STEPS, 1), mode="bilinear").squeeze(3)
        x = self.stem(self.embed(x))
        known = self.known(latents)
        levels = []
        for number, norm in enumerate(self.norms):
            if number:
                x = self.branch(x)
            levels.append(norm(x))
        row = torch.cat(levels, 2).index_select(2, self.taken) * self.inside
        asked = read(self.fused, known, self._through("cls", row).transpose(1, 2), self.apart)
        chances = self.cls_head(self.fused_norm(asked).transpose(1, 2) * self.inside)
        reaches = self.scales[self.level] * self.reg_head(self._through("reg", row))
        both = torch.cat([chances, F.relu(reaches)], 1).index_select(2, self.points).transpose(1, 2)
        return both.select(2, 0), both.narrow(2, 1, 2)

    def ends(self, reaches: Tensor) -> Tensor:
        """As the function of this name, from tables that an export need not make."""
        return self.at + reaches * self.back_and_on

    def _through(self, name: str, row: Tensor) -> Tensor:
        """The convolutions of one guess; what they say between the levels is nothing."""
        for layer in self.get_submodule(f"{name}_convs").children():
            row = layer(row) * self.inside
        return row


def row_of_levels(levels: int = len(STRIDES)) -> dict[str, Tensor]:
    """How the points of all ``levels`` stand in a row with an empty column between levels.

    Of each column: ``taken``, which of the points (in an empty one any); ``inside``, 1 for a point;
    ``level``. ``points``: the columns that are points. ``apart``: 0 where a column sees another,
    -inf elsewhere. Of each point: ``at`` and ``back_and_on``, see ``sides``.
    """
    sizes = torch.tensor([STEPS // stride + 1 for stride in STRIDES[:levels]])
    level = torch.arange(levels).repeat_interleave(sizes)[:-1]
    inside = torch.ones(len(level))
    inside[:-1][level.diff() > 0] = 0
    seen = (level[:, None] == level) & (inside > 0)
    at, back_and_on = sides(int(inside.sum()))
    return {
        "taken": (inside.cumsum(0) - 1).long(),
        "inside": inside,
        "points": inside.nonzero()[:, 0],
        "apart": torch.zeros(seen.shape).masked_fill(~seen, -torch.inf),
        "level": level,
        "at": at,
        "back_and_on": back_and_on,
    }


def points() -> Tensor:
    """Place of each point in steps, and its stride (63, 2)."""
    rows = [(at * stride, stride) for stride in STRIDES for at in range(STEPS // stride)]
    return torch.tensor(rows, dtype=torch.float32)


def sides(count: int) -> tuple[Tensor, Tensor]:
    """Of the first points their place (N, 1), and a step back and on from there (N, 2)."""
    at, stride = points()[:count, :, None].unbind(1)
    return at, torch.cat([-stride, stride], 1)


def ends(reaches: Tensor) -> Tensor:
    """Start and end in steps (B, N, 2) of what each of the first N points reaches."""
    at, back_and_on = sides(reaches.shape[-2])
    return at.to(reaches) + reaches * back_and_on.to(reaches)
