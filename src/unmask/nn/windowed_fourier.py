"""The short-time Fourier transform as a convolution, so that it stands inside a network's graph."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def fourier(size: int, kept: range | None = None) -> Tensor:
    """Windowed cosines and negative sines as kernels, (2 · bins) × 1 × ``size``.

    ``kept``: which bins of ``rate / size`` Hz; all up to half the rate when none are named. The
    window is Hann's of period ``size``.
    """
    time = np.arange(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / size)
    bins = range(size // 2 + 1) if kept is None else kept
    turn = 2 * np.pi * np.outer(np.array(bins), time) / size
    kernels = np.concatenate([np.cos(turn), -np.sin(turn)]) * window
    return torch.from_numpy(kernels.astype(np.float32))[:, None]
