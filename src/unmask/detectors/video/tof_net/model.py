"""TOF-Net, after Yang et al. 2025 ("TT-DF"): what a clip shows, and how its motion is distributed.

One branch sees the clip itself (Video Swin, Liu et al. 2022). The other has the optical flow from
frame to frame: its shares of speeds and directions along time, and its maps.
"""

from __future__ import annotations

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


def shares(moved: Tensor) -> Tensor:
    """Flow (N, 2, H, W) as shares of its speeds and of its directions (N, 12 + 8).

    Each place counts for the two nearest speeds, and its motion for the two nearest directions.
    """
    across, down = moved[:, 0].flatten(1), moved[:, 1].flatten(1)
    speed = (across.square() + down.square() + 1e-8).sqrt()
    at = (speed.log1p() * ((SPEEDS - 1) / _FASTEST)).clamp(max=SPEEDS - 1)
    centres = torch.arange(SPEEDS, dtype=moved.dtype, device=moved.device)
    slow = (1 - (at[..., None] - centres).abs()).clamp(min=0).mean(1)
    turns = torch.arange(DIRECTIONS, dtype=moved.dtype, device=moved.device)
    turns = turns * (2 * torch.pi / DIRECTIONS)
    along = (across[..., None] * turns.cos() + down[..., None] * turns.sin()) / speed[..., None]
    narrow = 1 - float(torch.cos(torch.tensor(2 * torch.pi / DIRECTIONS)))
    near = ((along - 1) / narrow + 1).clamp(min=0) * speed[..., None]
    moving = near.sum(1) / near.sum((1, 2))[:, None].clamp(min=1e-6)
    return torch.cat([slow, moving], 1)


class Motion(nn.Module):
    """Clips (B, T, 3, H, W), 0…255, to what their motion says (B, 128)."""

    def __init__(self) -> None:
        super().__init__()
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
        return self.read(flows(clip))

    def read(self, moved: Tensor) -> Tensor:
        """Flow (B, T - 1, 2, H, W): the shares along time and the maps, each averaged."""
        times = moved.shape[1]
        each = moved.flatten(0, 1)
        told = shares(each).reshape(-1, times, SPEEDS + DIRECTIONS).transpose(1, 2)
        drawn = self.maps(each).mean((2, 3)).reshape(-1, times, _SEEN).mean(1)
        return torch.cat([self.along(told).mean(2), drawn], 1)


def flows(clip: Tensor) -> Tensor:
    """Flow from each frame of clips (B, T, 3, H, W), 0…255, to the next (B, T - 1, 2, H, W)."""
    count, times = clip.shape[:2]
    seen = grey(clip.flatten(0, 1)).reshape(count, times, 1, *clip.shape[-2:])
    moved = flow(seen[:, :-1].flatten(0, 1), seen[:, 1:].flatten(0, 1))
    return moved.reshape(-1, times - 1, *moved.shape[1:])


class TOFNet(nn.Module):
    """Frames (B, 8, 3, 112, 112), RGB 0…255, to ``logit`` (B).

    ``width``, ``depths`` and ``heads`` are the tiny Video Swin's.
    """

    def __init__(
        self,
        width: int = 96,
        depths: Sequence[int] = (2, 2, 6, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
    ) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.shown = VideoSwin(width, depths, heads)
        self.motion = Motion()
        self.head = nn.Linear(8 * width + 2 * _SEEN, 1)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the clip is forged."""
        maps = self.shown(self.pixels(frames).transpose(1, 2))
        shown = self.shown.final(maps[-1]).mean((2, 3, 4))
        said = self.head(torch.cat([shown, self.motion(frames.float())], 1))
        return {"logit": said[:, 0]}
