"""Sound to the spectrogram that SpecTTTra reads, and how training hides parts of it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.windowed_fourier import fourier

RATE = 16000
WINDOW, HOP, MELS = 2048, 512, 128
LOW, HIGH = 20.0, 8000.0
RANGE = 80.0
"""Decibels under an item's own peak that are kept."""


def mel_filters(count: int = MELS, low: float = LOW, high: float = HIGH) -> Tensor:
    """Triangles whose corners lie evenly on the mel scale, (count, WINDOW / 2 + 1)."""
    bottom, top = (float(2595 * np.log10(1 + edge / 700)) for edge in (low, high))
    corners = 700 * (10 ** (np.linspace(bottom, top, count + 2) / 2595) - 1)
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    below, middle, above = (corners[i : i + count, None] for i in range(3))
    rising, falling = (bins - below) / (middle - below), (above - bins) / (above - middle)
    return torch.from_numpy(np.minimum(rising, falling).clip(0).astype(np.float32))


class Spectrum(nn.Module):
    """Samples (B, N) to mel energies in decibels, of mean 0 and spread 1 over each item.

    ``frames``: how many columns they are brought to. (B, 128, frames).
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.register_buffer("fourier", fourier(WINDOW), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Samples at 16 kHz; both ends are mirrored outwards."""
        level = self.decibels(sound)
        mean = level.mean((1, 2), keepdim=True)
        spread = level.flatten(1).std(1)[:, None, None]
        even = (level - mean) / (spread + 1e-6)
        size = (MELS, self.frames)
        return F.interpolate(even[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]

    def decibels(self, sound: Tensor) -> Tensor:
        """Mel energies (B, 128, columns), none more than 80 dB under the item's own peak."""
        padded = F.pad(sound[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")
        real, imaginary = F.conv1d(padded, self.get_buffer("fourier"), stride=HOP).chunk(2, dim=1)
        power = self.get_buffer("filters") @ (real.square() + imaginary.square())
        level = 10 * power.clamp(min=1e-10).log10()
        return level.maximum(level.amax((1, 2), keepdim=True) - RANGE)


def hidden(spectrum: Tensor, chance: float, widest: int = 8, times: int = 2) -> Tensor:
    """Some items with bands of time (``times``) and one of pitch set to 0 (SpecAugment)."""
    batch, mels, frames = spectrum.shape
    kept = torch.ones_like(spectrum)
    for item in range(batch):
        if float(torch.rand(())) >= chance:
            continue
        for size, axis in ((frames, 1), *[(frames, 1)] * (times - 1), (mels, 0)):
            width = int(torch.randint(widest + 1, ()))
            begin = int(torch.randint(max(1, size - width), ()))
            kept[item].narrow(axis, begin, min(width, size)).zero_()
    return spectrum * kept


def mixed(spectrum: Tensor, label: Tensor, chance: float, strength: float) -> tuple[Tensor, Tensor]:
    """With a chance each item laid over its neighbour in one drawn share (mixup), labels too."""
    if len(label) < 2 or float(torch.rand(())) >= chance:
        return spectrum, label
    half = torch.full((), strength)
    share = torch.distributions.Beta(half, half).sample().to(spectrum)
    other, others = spectrum.roll(1, 0), label.roll(1, 0)
    return share * spectrum + (1 - share) * other, share * label + (1 - share) * others
