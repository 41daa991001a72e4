"""Mel cepstra as speech recognition has them, of short windows without a taper.

Davis and Mermelstein 1980; Young et al. 2006, "The HTK Book", section 5.6 (liftering), in the form
of python_speech_features, on which programs for talking videos build.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.block_dct import cosines

_LEAST = float(np.finfo(np.float64).eps)
_FULL = 32768.0
"""Their samples are 16-bit numbers."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Lengths in samples; with ``energy`` the first coefficient is the logarithm of a window's."""

    rate: int = 16000
    window: int = 400
    step: int = 160
    fft: int = 512
    filters: int = 26
    coefficients: int = 13
    emphasis: float = 0.97
    lifter: int = 22
    energy: bool = True


class MelCepstra(nn.Module):
    """Samples (B, N), -1…1, to (B, frames, coefficients); the last window ends in silence."""

    waves: Tensor
    bank: Tensor
    transform: Tensor

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        bins = np.arange(shape.fft // 2 + 1)
        turn = 2 * np.pi * np.outer(np.arange(shape.window), bins) / shape.fft
        waves = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
        mel = np.linspace(0, 2595 * np.log10(1 + shape.rate / 2 / 700), shape.filters + 2)
        edges = np.floor((shape.fft + 1) * 700 * (10 ** (mel / 2595) - 1) / shape.rate)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        place = bins[:, None]
        rising = (place - low) / np.maximum(middle - low, 1)
        falling = (high - place) / np.maximum(high - middle, 1)
        # Edges are whole bins: the rise ends before the middle, the fall begins there.
        bank = np.where(place < middle, rising, falling)
        bank = np.where((place >= low) & (place < high), bank, 0)
        order = np.arange(shape.coefficients)
        lift = 1 + shape.lifter / 2 * np.sin(np.pi * order / shape.lifter)
        transform = cosines(shape.filters)[: shape.coefficients].T * torch.from_numpy(lift)
        self.register_buffer("waves", torch.from_numpy(waves).float(), persistent=False)
        self.register_buffer("bank", torch.from_numpy(bank).float(), persistent=False)
        self.register_buffer("transform", transform.float(), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Frames and their coefficients."""
        shape = self.shape
        sound = sound * _FULL
        sound = sound - shape.emphasis * F.pad(sound, (1, -1))
        count = 1 + max(0, -(-(sound.shape[1] - shape.window) // shape.step))
        needed = (count - 1) * shape.step + shape.window
        padded = F.pad(sound, (0, max(needed - sound.shape[1], 0)))
        real, imaginary = (padded.unfold(1, shape.window, shape.step) @ self.waves).chunk(2, dim=-1)
        power = (real.square() + imaginary.square()) / shape.fft
        levels = (power @ self.bank).clamp(min=_LEAST).log() @ self.transform
        if not shape.energy:
            return levels
        energy = power.sum(-1, keepdim=True).clamp(min=_LEAST).log()
        return torch.cat([energy, levels[..., 1:]], dim=-1)
