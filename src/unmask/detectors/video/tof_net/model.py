"""TOF-Net, after Yang et al. 2025 ("TT-DF"): what a clip shows, and how its motion is distributed.

One branch sees the clip itself (Video Swin, Liu et al. 2022). The other has the optical flow from
frame to frame: its shares of speeds and directions along time, and its maps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from unmask.nn.optical_flow import flow, grey
from unmask.nn.pixels import Pixels
from unmask.nn.video_swin import VideoSwin

FRAMES = 8
SIDE = 112
SPEEDS, DIRECTIONS = 12, 8
_SEEN = 64
_FASTEST = 3.0
"""Log of 1 + pixels a frame at which the last share of speeds lies."""
_CENTRES = torch.arange(SPEEDS, dtype=torch.float32)[:, None]
_TURNS = torch.arange(DIRECTIONS, dtype=torch.float32) * (2 * torch.pi / DIRECTIONS)
_NARROW = 1 - math.cos(2 * torch.pi / DIRECTIONS)
"""How much less of a motion lies along a direction when it goes along the next one."""
_WAYS = torch.stack([_TURNS.cos(), _TURNS.sin()], 1) / _NARROW


def shares(moved: Tensor) -> Tensor:
    """Flow (N, 2, H, W) as shares of its speeds and of its directions (N, 12 + 8).

    Each place counts for the two nearest speeds, and its motion for the two nearest directions.
    """
    flat = moved.flatten(2)
    speed = (flat.square().sum(1, keepdim=True) + 1e-8).sqrt()
    at = (speed.log1p() * ((SPEEDS - 1) / _FASTEST)).clamp(max=SPEEDS - 1)
    slow = (1 - (at - _CENTRES.to(at)).abs()).clamp(min=0).mean(2)
    near = (_WAYS.to(flat) @ flat + (1 - 1 / _NARROW) * speed).clamp(min=0)
    moving = near.sum(2)
    moving = moving / moving.sum(1, keepdim=True).clamp(min=1e-6)
    return torch.cat([slow, moving], 1)


class Motion(nn.Module):
    """Clips (B, T, 3, H, W), 0…255, to what their motion says (B, 128).

    ``levels`` and ``rounds`` are the flow's.
    """

    def __init__(self, levels: int = 3, rounds: int = 3) -> None:
        super().__init__()
        self.levels, self.rounds = levels, rounds
        self.along = nn.Sequential(
            nn.Conv1d(SPEEDS + DIRECTIONS, _SEEN, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(_SEEN, _SEEN, 3, padding=1),
            nn.ReLU(),
        )
        steps = (2, 16, 32, _SEEN)
        self.maps = nn.Sequential()
        for came, goes in pairwise(steps):
            self.maps.append(nn.Conv2d(came, goes, 3, 2, 1, bias=False))
            self.maps.append(nn.BatchNorm2d(goes))
            self.maps.append(nn.ReLU())

    def forward(self, clip: Tensor) -> Tensor:
        """What is read of the flow between its frames."""
        return self.read(flows(clip, self.levels, self.rounds))

    def read(self, moved: Tensor) -> Tensor:
        """Flow (B, T - 1, 2, H, W): the shares along time and the maps, each averaged."""
        times = moved.shape[1]
        each = moved.flatten(0, 1)
        told = shares(each).reshape(-1, times, SPEEDS + DIRECTIONS).transpose(1, 2)
        drawn = self.maps(each).mean((2, 3)).reshape(-1, times, _SEEN).mean(1)
        return torch.cat([self.along(told).mean(2), drawn], 1)


def flows(clip: Tensor, levels: int = 3, rounds: int = 3) -> Tensor:
    """Flow from each frame of clips (B, T, 3, H, W), 0…255, to the next (B, T - 1, 2, H, W)."""
    times, sides = clip.shape[1], clip.shape[-2:]
    seen = grey(clip.flatten(0, 1)).reshape(-1, times, 1, *sides)
    first, second = (seen.narrow(1, start, times - 1).flatten(0, 1) for start in (0, 1))
    return flow(first, second, levels, rounds).reshape(-1, times - 1, 2, *sides)


class TOFNet(nn.Module):
    """Frames (B, 8, 3, 112, 112), RGB 0…255, to ``logit`` (B).

    ``width``, ``depths`` and ``heads`` are the tiny Video Swin's, ``levels`` and ``rounds`` the
    flow's.
    """

    def __init__(
        self,
        width: int = 96,
        depths: Sequence[int] = (2, 2, 6, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        levels: int = 3,
        rounds: int = 3,
    ) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.shown = VideoSwin(width, depths, heads)
        self.motion = Motion(levels, rounds)
        self.head = nn.Linear(self.shown.norm.normalized_shape[0] + 2 * _SEEN, 1)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the clip is forged."""
        maps = self.shown(self.pixels(frames).transpose(1, 2))
        shown = self.shown.final(maps[-1]).mean((2, 3, 4))
        said = self.head(torch.cat([shown, self.motion(frames.float())], 1))
        return {"logit": said.squeeze(1)}
