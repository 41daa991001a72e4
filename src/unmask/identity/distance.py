"""How far two faces or two voices lie apart."""

from __future__ import annotations

import numpy as np

from unmask.types import Tensor


def distance(first: Tensor, second: Tensor) -> float:
    """1 less the cosine of two vectors: 0 alike … 2 opposite. Higher: rather another person."""
    return float(distances(first[None], second[None])[0, 0])


def distances(first: Tensor, second: Tensor) -> Tensor:
    """Distances of each row of ``first`` (n × size) from each of ``second`` (m × size): n × m."""
    return np.asarray(1 - _unit(first) @ _unit(second).T, np.float32)


def mean_vector(vectors: Tensor) -> Tensor:
    """The vector (size) that stands for several (n × size) of one person: mean, length 1."""
    return np.asarray(_unit(_unit(vectors).mean(axis=0)[None])[0], np.float32)


def _unit(vectors: Tensor) -> Tensor:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-9), np.float32)
