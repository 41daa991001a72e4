"""The network: a wave in, one logit a window and one every 40 ms out.

A linear score judges the window as a whole, a small net its frames; both hear the same frozen part.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.detectors.audio.unmask_voice.along import Along
from unmask.detectors.audio.unmask_voice.front import BINS, LAYERS, Front, Seen
from unmask.detectors.audio.unmask_voice.spectra import CLIP, SAMPLES, Grain
from unmask.nn.whisper import WIDTH

STATISTICS = 2 * LAYERS * WIDTH + 3 * BINS - 1


class Traces(nn.Module):
    """The window's logit: linear in the means and spreads of a window's features over time.

    Fitted in closed form (``traces.fit``), not by gradient steps: with a few thousand clips from a
    score of sources, anything that bends more learns the sources. The spread over time is what a
    generator flattens; a linear score cannot pick out single recordings.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("mean", "scale", "weight"):
            self.register_buffer(name, torch.zeros(STATISTICS))
        self.register_buffer("bias", torch.zeros(()))

    @staticmethod
    def statistics(seen: Seen) -> Tensor:
        """Batch × STATISTICS: the stem and two blocks, and the grain of the spectrum."""
        mean = seen.layers.mean(dim=2)
        spread = (seen.layers - mean[:, :, None]).square().mean(dim=2).clamp_min(1e-8).sqrt()
        # The mean of a bin over time is the channel (microphone, room): it is taken away.
        x = seen.spectrum - seen.spectrum.mean(dim=2, keepdim=True)
        wide = x.square().mean(dim=2).clamp_min(1e-8).sqrt()
        steps = seen.spectrum[:, :, 1:] - seen.spectrum[:, :, :-1]
        moves = steps.square().mean(dim=2).clamp_min(1e-8).sqrt()
        ridges = (x[:, 1:] - x[:, :-1]).abs().mean(dim=2)
        return torch.cat([mean.flatten(1), spread.flatten(1), wide, moves, ridges], dim=1)

    def forward(self, seen: Seen) -> Tensor:
        """Batch of logits."""
        return self.judged(self.statistics(seen))

    def judged(self, statistics: Tensor) -> Tensor:
        """Batch × STATISTICS, to a batch of logits."""
        result: Tensor = (statistics - self.mean) / self.scale @ self.weight + self.bias
        return result


class Head(nn.Module):
    """What is fitted: the window's logit and the frames'. Called, it gives the frames' alone.

    The frames are judged by several nets that were trained on different scenes; what they agree on
    is less often a whim of one.
    """

    def __init__(self, width: int, dropout: float, members: int = 1) -> None:
        super().__init__()
        self.traces = Traces()
        self.along = nn.ModuleList(Along(width, dropout) for _ in range(members))

    def forward(self, layers: Tensor, grain: Grain) -> Tensor:
        """``Seen.layers`` and ``Seen.grain`` to frame logits, batch × FRAMES.

        In training every member judges a share of the batch of its own, else all judge everything.
        """
        if self.training:
            count = len(self.along)
            shares = zip(*(x.chunk(count) for x in (layers, *grain)), strict=True)
            pairs = zip(self.along, shares, strict=True)
            return torch.cat([member(own, Grain(*rest)) for member, (own, *rest) in pairs])
        return torch.stack([member(layers, grain) for member in self.along]).mean(dim=0)


class Voice(nn.Module):
    """The whole: a batch of windows of sound to ``logit`` and ``frames``."""

    def __init__(self, front: Front, head: Head) -> None:
        super().__init__()
        self.front = front
        self.head = head

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """Batch × SAMPLES at 16 kHz, to batch and batch × FRAMES; higher is forged."""
        clips, row = self.front.window(wave)
        logit = self.head.traces(clips).reshape(-1, SAMPLES // CLIP).mean(dim=1)
        return logit, self.head(row.layers, row.grain)
