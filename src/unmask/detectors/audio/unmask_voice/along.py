"""The frame logits: which part of a window is forged, and their loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.detectors.audio.unmask_voice.front import LAYERS
from unmask.detectors.audio.unmask_voice.spectra import LINES, PULSES, Grain
from unmask.nn.whisper import WIDTH


class Along(nn.Module):
    """A logit a frame: which part of the window is forged. Trained by gradient steps.

    It looks at lines of 25 Hz, in which the harmonics of most voices and the valleys between them
    are still apart (vocoders fill the valleys, or make them too clean), at bands of 250 Hz every
    2 ms, in which the single pulses of a voice are (vocoders smear them, or make them too sharp),
    and at what the encoder makes of each frame. Every frame is then compared with all others of
    the window by attention: what was laid in differs from its surroundings.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.grain = nn.Sequential(
            _stage(1, 8, (2, 2)), _stage(8, 16, (2, 2)), _stage(16, 24, (2, 1)),
            _stage(24, 24, (2, 1)),
        )  # fmt: skip
        self.beat = nn.Sequential(
            _stage(1, 8, (1, 2), (3, 5)),
            _stage(8, 16, (2, 2), (3, 5)),
            _stage(16, 32, (2, 5), (3, 5)),
        )
        rows, few = -(-LINES // 16), -(-PULSES // 4)
        self.heard = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(LAYERS))
        self.drop = nn.Dropout(dropout)
        self.join = nn.Sequential(
            nn.Conv1d(24 * rows + 32 * few + LAYERS * WIDTH, width, 1),
            nn.BatchNorm1d(width),
            nn.GELU(),
        )
        self.near = nn.Sequential(*(_near(width, dilation) for dilation in (1, 2)))
        self.compare = nn.ModuleList(_Compare(width, dropout) for _ in range(2))
        self.last = nn.Sequential(
            _near(width, 1), nn.Dropout(dropout), _near(width, 1), nn.Conv1d(width, 1, 1)
        )

    def forward(self, layers: Tensor, grain: Grain) -> Tensor:
        """``Seen.layers`` and ``Seen.grain`` of a window, to batch × FRAMES."""
        # The mean of a line over time is the channel (microphone, room): it is taken away.
        fine, pulses = (x - x.mean(dim=2, keepdim=True) for x in grain)
        seen = [self.grain(fine[:, None]).flatten(1, 2), self.beat(pulses[:, None]).flatten(1, 2)]
        # So it is with what the encoder hears: who speaks, and over which microphone, is no matter.
        heard = [norm(layers[:, i]) for i, norm in enumerate(self.heard)]
        heard = [(h - h.mean(dim=1, keepdim=True)).transpose(1, 2) for h in heard]
        x = self.join(self.drop(torch.cat([*seen, *heard], dim=1)))
        x = self.near(x)
        for compare in self.compare:
            x = compare(x)
        frames: Tensor = self.last(x)
        return frames[:, 0]


class _Compare(nn.Module):
    """Self-attention over the frames of a window, and a small net after it (pre-norm)."""

    def __init__(self, width: int, dropout: float, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(2 * width, width)
        self.net = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Batch × width × time, to the same."""
        x = x.transpose(1, 2)
        b, t, w = x.shape
        normed = self.norm1(x)
        q, k, v = (
            z.reshape(b, t, self.heads, w // self.heads).transpose(1, 2)
            for z in self.qkv(normed).chunk(3, dim=-1)
        )
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, w)
        # Beside what the others are like stands how far the frame is from their middle.
        x = x + self.out(torch.cat([seen, normed - normed.mean(dim=1, keepdim=True)], dim=2))
        result: Tensor = (x + self.net(self.norm2(x))).transpose(1, 2)
        return result


def _near(width: int, dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation),
        nn.BatchNorm1d(width),
        nn.GELU(),
    )


def _stage(
    narrow: int, wide: int, stride: tuple[int, int], size: tuple[int, int] = (3, 3)
) -> nn.Sequential:
    pad = (size[0] // 2, size[1] // 2)
    return nn.Sequential(
        nn.Conv2d(narrow, wide, size, stride=stride, padding=pad, bias=False),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
    )


def loss(frames: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of the frames. ``truth``: batch × FRAMES of 0, 1 or 255 (ignored)."""
    known = truth != 255
    each = F.binary_cross_entropy_with_logits(
        frames, truth.clamp(max=1).to(frames.dtype), reduction="none"
    )
    result: Tensor = (each * known).sum() / known.sum().clamp_min(1)
    return result
