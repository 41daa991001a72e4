"""A made voice: syllables of a buzz with a wandering pitch, in front of a little noise."""

from __future__ import annotations

import numpy as np

from unmask.types import Samples

RATE = 16000


def speech(seconds: float, pitch: float = 120.0, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * t))) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * t), 0, None) ** 0.5
    return (0.08 * buzz * syllables + 3e-4 * rng.standard_normal(t.size)).astype(np.float32)
