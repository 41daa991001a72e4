"""Filling an official network and ours with the same made weights.

A parity test keeps, for one revision of the authors' code, the names and shapes of its state, an
input and the outputs that the authors' network gave when filled by ``filled``. It fills the same
names again, takes them through ``convert()``, loads ours and compares. The values depend on name
and shape alone, so no weight is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch


def filled(shapes: Mapping[str, Sequence[int]], gain: float = 1.0) -> dict[str, torch.Tensor]:
    """A value for every name: what keeps a deep network's signal in a sane range.

    Scales of norms lie about 1, variances in 0.5…1.5, counters are 0, other vectors are small, and
    matrices and kernels have the spread ``gain`` / sqrt(fan in).
    """
    return {name: _value(name, tuple(shape), gain) for name, shape in shapes.items()}


def _value(name: str, shape: tuple[int, ...], gain: float) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    last = name.rpartition(".")[2]
    if last in ("running_var", "moving_variance"):
        value = rng.uniform(0.5, 1.5, shape)
    elif len(shape) <= 1:
        value = rng.normal(0, 0.1, shape) + (1.0 if last in ("weight", "gamma") else 0.0)
    else:
        fan_in = int(np.prod(shape[1:]))
        value = rng.normal(0, gain / np.sqrt(fan_in), shape)
    return torch.from_numpy(np.asarray(value, np.float32))


def noise(shape: Sequence[int], seed: int, low: float = -1.0, high: float = 1.0) -> torch.Tensor:
    """Uniform noise that is the same on every machine."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(low, high, tuple(shape)).astype(np.float32))
