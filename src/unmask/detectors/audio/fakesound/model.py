"""The network: frames of WavLM, convolutions, a transformer and an LSTM, a number each 20 ms.

Xie, Li, Xu, Liang, Yu and Wu 2024, "FakeSound: Deepfake General Audio Detection", section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.speech import SpeechFront

RATE = 16000
STEP = 0.02
"""Seconds of a moment."""
_FILL = 80
"""Silent samples after the end, with which ten seconds become 500 frames."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Widths of the back end; default: the authors'."""

    wide: int = 512
    blocks: int = 12
    width: int = 128
    heads: int = 4
    hidden: int = 1024


class Block(nn.Module):
    """Two convolutions of single frames with a bypass."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 1, bias=False)
        self.norm1 = nn.BatchNorm1d(width)
        self.conv2 = nn.Conv1d(width, width, 1, bias=False)
        self.norm2 = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) to the same."""
        result: Tensor = x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return result


class Attending(nn.Module):
    """A layer of the first transformers: attention, then a hidden layer, a norm after each."""

    def __init__(self, width: int, heads: int, hidden: int, drop: float = 0.5) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.hidden = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop_shares, self.drop1, self.drop, self.drop2 = (nn.Dropout(drop) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to the same."""
        parts = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        shares = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
        found = (self.drop_shares(shares) @ value).transpose(1, 2).flatten(2)
        x = self.norm1(x + self.drop1(self.join(found)))
        inner = self.out(self.drop(F.relu(self.hidden(x))))
        result: Tensor = self.norm2(x + self.drop2(inner))
        return result


class BackEnd(nn.Module):
    """Frames (B, T, ``inside``) to a logit each, (B, T), and one of the whole, (B)."""

    def __init__(self, inside: int, whole: bool, shape: Shape) -> None:
        super().__init__()
        self.enter = nn.Conv1d(inside, shape.wide, 5, padding=2, bias=False)
        self.norm = nn.BatchNorm1d(shape.wide)
        self.blocks = nn.Sequential(*(Block(shape.wide) for _ in range(shape.blocks)))
        self.leave = nn.Conv1d(shape.wide, shape.width, 1)
        self.project = nn.Linear(shape.width, shape.width)
        self.level = nn.BatchNorm1d(shape.width)
        self.attend = nn.Sequential(
            *(Attending(shape.width, shape.heads, shape.hidden) for _ in range(2))
        )
        self.lstm = nn.LSTM(shape.width, shape.width, batch_first=True, bidirectional=True)
        self.classify = nn.Linear(2 * shape.width, 1)
        self.whole = nn.Linear(2 * shape.width, 1) if whole else None

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Without a classifier of the whole its surest moment stands for it."""
        x = F.relu(self.norm(self.enter(frames.transpose(1, 2))))
        x = self.project(self.leave(self.blocks(x)).transpose(1, 2))
        x = self.attend(self.level(x.transpose(1, 2)).transpose(1, 2))
        x = self.lstm(x)[0]
        moments = self.classify(F.relu(x))[..., 0]
        whole = moments.amax(1) if self.whole is None else self.whole(x.mean(1))[:, 0]
        return moments, whole


class FakeSound(nn.Module):
    """Samples (B, N), -1…1 at 16 kHz, to the outputs of the card.

    ``whole``: whether the sound as a whole has a classifier of its own.
    """

    def __init__(self, front: SpeechFront, whole: bool, shape: Shape | None = None) -> None:
        super().__init__()
        self.front = front
        self.back = BackEnd(front.width, whole, shape or Shape())

    def forward(self, sound: Tensor) -> dict[str, Tensor]:
        """WavLM-Large wants each sound at mean 0 and variance 1; the authors give it so."""
        sound = F.pad(sound, (0, _FILL))
        level = F.layer_norm(sound, sound.shape[1:])
        moments, whole = self.back(self.front.last(level))
        return {"logit": whole, "moments": moments}


def targets(segments: Tensor, count: int, step: float = STEP) -> Tensor:
    """1 for each of ``count`` moments in a forged stretch, (B, count).

    ``segments``: (B, S, 2) in seconds, -1 where there is none; ends are cut to whole moments.
    """
    bounds = (segments / step + 1e-4).floor()
    place = torch.arange(count, device=segments.device)
    inside = (place >= bounds[..., :1]) & (place < bounds[..., 1:])
    return (inside & (segments[..., 1:] > 0)).any(1).float()
