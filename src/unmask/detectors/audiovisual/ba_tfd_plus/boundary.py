"""Boundary maps: a value for every start and duration.

Sampling after Lin et al. 2019, "BMN"; the relation of proposals after Su et al. 2021, "BSN++".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def sampling(frames: int, durations: int, samples: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Which two frames every sample of a proposal lies between, and how near it is to each.

    Each (samples, durations, frames): left index, right index, weight of left, weight of right.
    As in the authors' program (and checkpoints) the proposal of start i and duration j is sampled
    around frames i … j + 1, and a sample that falls on a frame counts twice.
    """
    start = np.arange(frames, dtype=np.float64)[None]
    end = np.arange(durations, dtype=np.float64)[:, None] + 1
    length = end - start
    first, last = start - length * 0.5, end + length * 0.5
    step = (last - first) / (samples - 1)
    at = first[None] + np.arange(samples, dtype=np.float64)[:, None, None] * step[None]
    exists = start + end <= frames - 1
    inside = (at >= 0) & (at <= frames - 1) & exists[None]
    left = np.floor(np.where(inside, at, 0)).astype(np.int64)
    right = np.ceil(np.where(inside, at, 0)).astype(np.int64)
    near_left = np.where(inside, 1 - (at - left), 0).astype(np.float32)
    near_right = np.where(inside, 1 - (right - at), 0).astype(np.float32)
    return (
        torch.from_numpy(left),
        torch.from_numpy(right),
        torch.from_numpy(near_left),
        torch.from_numpy(near_right),
    )


def _unit(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, 1), nn.BatchNorm2d(outside), nn.ReLU())


class Relation(nn.Module):
    """Attention among proposals (``by_place``) or among channels, with a bypass.

    As in the authors' program (and checkpoints) the answer among channels is laid out cell after
    cell and then read channel after channel.
    """

    def __init__(self, width: int, by_place: bool) -> None:
        super().__init__()
        self.by_place = by_place
        self.value, self.query, self.key = (_unit(width, width) for _ in range(3))
        self.fewer = nn.MaxPool2d(2) if by_place else nn.Identity()
        self.out = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width))

    def forward(self, map_: Tensor) -> Tensor:
        """(B, C, D, T) to the same."""
        query = self.query(map_).flatten(2)
        key = self.fewer(self.key(map_)).flatten(2)
        value = self.fewer(self.value(map_)).flatten(2)
        if self.by_place:
            heard = value @ (query.transpose(1, 2) @ key).softmax(2).transpose(1, 2)
        else:
            heard = ((query @ key.transpose(1, 2)).softmax(2) @ value).transpose(1, 2)
        result: Tensor = self.out(heard.reshape(map_.shape)) + map_
        return result


def _mix(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())


class BoundaryMaps(nn.Module):
    """Features of frames (B, C, T) to three maps (B, 3, D, T) of expected overlap, 0…1.

    By place, by channel, and by both. D: durations in frames.
    """

    left: Tensor
    right: Tensor
    near_left: Tensor
    near_right: Tensor

    def __init__(
        self, inside: int, wide: int, width: int, frames: int, durations: int, samples: int
    ) -> None:
        super().__init__()
        names = ("left", "right", "near_left", "near_right")
        for name, value in zip(names, sampling(frames, durations, samples), strict=True):
            self.register_buffer(name, value, persistent=False)
        self.gather = nn.Sequential(nn.Conv3d(inside, wide, (samples, 1, 1)), nn.LeakyReLU())
        self.reduce = nn.Sequential(
            *(nn.Conv2d(wide, width, 1), nn.LeakyReLU()),
            *(nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU()),
        )
        self.enter = nn.ModuleList(_mix(width) for _ in range(2))
        self.relate = nn.ModuleList([Relation(width, True), Relation(width, False)])
        self.leave = nn.ModuleList(_mix(width) for _ in range(2))
        self.judge = nn.ModuleList(nn.Conv2d(width, 1, 3, padding=1) for _ in range(3))

    def forward(self, features: Tensor) -> Tensor:
        """The three maps."""
        at = features[..., self.left] * self.near_left + features[..., self.right] * self.near_right
        map_ = self.reduce(self.gather(at).squeeze(2))
        ways = [
            leave(relate(enter(map_)))
            for enter, relate, leave in zip(self.enter, self.relate, self.leave, strict=True)
        ]
        ways.append(ways[0] + ways[1])
        judged = [judge(way) for judge, way in zip(self.judge, ways, strict=True)]
        return torch.cat(judged, dim=1).sigmoid()


class MapFusion(nn.Module):
    """How two maps of one kind become one: each cell's share comes from the map and from both
    features. ``fused`` computes it.

    ``video``, ``sound``: what the share of each hears of its map, of its features, of the other's.
    """

    def __init__(self, inside: int, durations: int) -> None:
        super().__init__()
        self.video = nn.ModuleList(nn.Conv1d(i, durations, 1) for i in (durations, inside, inside))
        self.sound = nn.ModuleList(nn.Conv1d(i, durations, 1) for i in (durations, inside, inside))


def fused(
    ways: Iterable[Any], video: Tensor, sound: Tensor, video_maps: Tensor, sound_maps: Tensor
) -> Tensor:
    """Features (B, C, T) and maps (B, kinds, D, T) of both senses to one map of each kind.

    ``ways``: a ``MapFusion`` of each kind. All shares are computed at once.
    """
    of_video, of_sound = zip(*((way.video, way.sound) for way in ways), strict=True)
    maps = torch.stack([video_maps, sound_maps], dim=1)
    count = len(of_video) + len(of_sound)
    parts = [
        _together(maps.flatten(1, 3), [one[0] for one in (*of_video, *of_sound)], groups=count),
        _together(video, [*(one[1] for one in of_video), *(one[2] for one in of_sound)]),
        _together(sound, [*(one[2] for one in of_video), *(one[1] for one in of_sound)]),
    ]
    shares = torch.unflatten(torch.stack(parts).mean(0).sigmoid(), 1, tuple(maps.shape[1:4]))
    return (maps * shares).sum(1) / shares.sum(1)


def _together(x: Tensor, layers: list[Any], groups: int = 1) -> Tensor:
    """What all ``layers`` make of ``x``, or each of its group, one after another."""
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers])
    return F.conv1d(x, weight, bias, groups=groups)
