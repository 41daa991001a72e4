"""Spectra of a wave: band limit and level first, then lines and pulses.

Neither the sampling rate nor the loudness of a recording shall tell anything. Nothing here is
trained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.nn.windowed_fourier import fourier

RATE = 16000
CLIP = 35200
"""What the encoder hears at once: 2.2 seconds at 16 kHz."""
SAMPLES = 2 * CLIP
"""One window: two clips, so that a forged second has its surroundings beside it."""
STEP = 640
FRAMES = SAMPLES // STEP
"""Frame logits of one window, 40 ms apart."""
HOP = 160
LINES = 276
"""Spectral lines of 25 Hz, up to the band limit."""
BRIEF = 32
PULSES = 27
"""Bands of 250 Hz, from 250 Hz to the band limit, every ``BRIEF`` samples (2 ms)."""
EDGE = 6900.0
LEVEL = 0.05
"""Root mean square that a clip is brought to (-26 dB of full scale)."""


class Grain(NamedTuple):
    """Two looks at a wave, at the level that its clips had; T is 55 for each clip in a row.

    ``fine``: batch × LINES × 4·T, in which the harmonics of a voice lie apart; ``pulses``: batch ×
    PULSES × 20·T, in which its periods do.
    """

    fine: Tensor
    pulses: Tensor


class Levelled(NamedTuple):
    """A clip within the band at one level (batch × 1 × samples), and the energy it had."""

    wave: Tensor
    energy: Tensor


class Spectra(nn.Module):
    """Clips to spectra."""

    taps: Tensor
    fine: Tensor
    brief: Tensor

    def __init__(self) -> None:
        super().__init__()
        taps = torch.from_numpy(_lowpass(EDGE).astype(np.float32))
        self.register_buffer("taps", taps[None, None])
        self.register_buffer("fine", fourier(640, range(LINES)))
        self.register_buffer("brief", fourier(64, range(1, PULSES + 1)))

    def levelled(self, wave: Tensor) -> Levelled:
        """Batch × samples."""
        x = F.conv1d(wave[:, None], self.taps, padding=self.taps.shape[-1] // 2)
        energy = x.square().mean(dim=(1, 2), keepdim=True) + 1e-10
        return Levelled(LEVEL * x * torch.rsqrt(energy), energy)

    def lines(self, clip: Levelled) -> Tensor:
        """Power of the lines, batch × LINES × time."""
        return power(clip.wave, self.fine, HOP)

    def grain(self, clip: Levelled, lines: Tensor) -> Grain:
        """Logarithms of the lines and of the pulses."""
        pulses = power(clip.wave, self.brief, BRIEF)
        own = clip.energy.log()
        fine, brief = ((torch.clamp(x, min=1e-6).log() + own) / 4 for x in (lines, pulses))
        return Grain(fine, brief)

    def forward(self, window: Tensor) -> Grain:
        """Batch × SAMPLES, to the grain of the whole window."""
        clips = self.levelled(window.reshape(-1, CLIP))
        return in_a_row(self.grain(clips, self.lines(clips)))


def without(grain: Grain, kept: Tensor) -> Grain:
    """Without the lines, and the pulses' bands among them, where ``kept`` (batch × LINES) is 0."""
    bands = kept[:, 10 : 10 * PULSES + 1 : 10]
    fine, pulses = (x - x.mean(dim=2, keepdim=True) for x in grain)
    return Grain(fine * kept[..., None], pulses * bands[..., None])


def in_a_row(grain: Grain) -> Grain:
    """The grain of the clips of windows (one after the other in the batch) as that of windows."""
    return Grain(joined(grain.fine), joined(grain.pulses))


def joined(x: Tensor) -> Tensor:
    """Clips × channels × time, to windows × channels × the clips' time."""
    count = SAMPLES // CLIP
    return x.reshape(-1, count, *x.shape[1:]).transpose(1, 2).flatten(2, 3)


def power(x: Tensor, kernels: Tensor, hop: int) -> Tensor:
    """Short-time power of clips: batch × kept × CLIP / hop."""
    half = kernels.shape[-1] // 2
    padded = F.pad(x, (half, half), mode="reflect")
    both = F.conv1d(padded, kernels, stride=hop)[..., : CLIP // hop]
    real, imaginary = both.chunk(2, dim=1)
    return real.square() + imaginary.square()


def _lowpass(edge: float, count: int = 129) -> NDArray[np.float64]:
    n = np.arange(count) - count // 2
    taps = 2 * edge / RATE * np.sinc(2 * edge / RATE * n) * np.hamming(count)
    return np.asarray(taps / taps.sum())
