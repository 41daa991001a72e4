"""Noise put into a picture and taken out again, without chance (DDIM), and what is lost by it.

Song et al. 2021, "Denoising Diffusion Implicit Models", section 4; Wang et al. 2023, "DIRE for
Diffusion-Generated Image Detection", section 3.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_TRAINED = 1000
_FIRST, _LAST = 1e-4, 0.02


def schedule(steps: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers of ``steps`` evenly spread steps of the thousand, and how much of the picture is left
    at each."""
    left = np.cumprod(1 - np.linspace(_FIRST, _LAST, _TRAINED))
    numbers = np.arange(0, _TRAINED, _TRAINED // steps, dtype=np.int64)[:steps]
    return numbers, np.asarray(left[numbers], np.float64)


def split(model: nn.Module, picture: Tensor, number: int, left: float) -> tuple[Tensor, Tensor]:
    """The picture without noise, within -1…1, and the noise that then is in ``picture``."""
    guess = model(picture, torch.full((1,), number, device=picture.device))
    clean = ((picture - (1 - left) ** 0.5 * guess) / left**0.5).clamp(-1, 1)
    return clean, (picture - left**0.5 * clean) / (1 - left) ** 0.5


def first_noise(model: nn.Module, picture: Tensor) -> Tensor:
    """The noise that the model sees in an untouched picture (-1…1) at the first step."""
    numbers, left = schedule(1)
    return split(model, picture, int(numbers[0]), float(left[0]))[1]


@torch.no_grad()
def dire(model: nn.Module, picture: Tensor, steps: int = 20) -> Tensor:
    """How far a picture (-1…1) comes back changed after ``steps`` in and out, brought to -1…1."""
    numbers, left = schedule(steps)
    kept = [1.0, *left.tolist(), 0.0]
    value = picture
    for i in range(steps):
        clean, noise = split(model, value, int(numbers[i]), kept[i + 1])
        value = kept[i + 2] ** 0.5 * clean + (1 - kept[i + 2]) ** 0.5 * noise
    for i in reversed(range(steps)):
        clean, noise = split(model, value, int(numbers[i]), kept[i + 1])
        value = kept[i] ** 0.5 * clean + (1 - kept[i]) ** 0.5 * noise
    return ((picture - value).abs()).clamp(0, 2) - 1
