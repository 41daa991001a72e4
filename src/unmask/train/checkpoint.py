"""Everything that a stopped run needs to go on to the same weights."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

Randomness = dict[str, Any]
"""Where the generators of torch, CUDA, numpy and Python stand."""


def randomness() -> Randomness:
    """Where the global generators of this process stand."""
    drawn: Any = np.random.get_state(legacy=True)
    name, keys, place, spare, value = drawn
    state: Randomness = {
        "torch": torch.get_rng_state(),
        "numpy": [str(name), torch.from_numpy(keys.astype(np.int64)), place, spare, value],
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_randomness(state: Randomness) -> None:
    """Put the global generators back to where they stood."""
    torch.set_rng_state(state["torch"])
    name, keys, place, spare, value = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), place, spare, value))
    random.setstate(_tuples(state["python"]))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Whatever is drawn inside, the generators go on as if it had not been."""
    before = randomness()
    try:
        yield
    finally:
        set_randomness(before)


def save(value: Any, path: Path) -> None:
    """Write tensors and plain values; a process that dies leaves the old file or the new one."""
    part = path.with_name(f"{path.name}.part")
    torch.save(value, part)
    part.replace(path)


def load(path: Path) -> Any:
    """Read back what ``save`` wrote."""
    return torch.load(path, map_location="cpu", weights_only=True)
