"""Frozen encoders in training: what they make of an input is computed once and read from then on.

A head on a frozen encoder sees the same inputs in every epoch where nothing about them is drawn. An
entry is known by the prepared input itself and by the encoder's weights, so another preparation or
encoder is noticed. Linear heads on frozen layers: Alain and Bengio 2017, section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unmask.errors import DataError
from unmask.train.feature_cache import FeatureCache

Call = Callable[[Tensor], Tensor]


def keep(network: nn.Module, frozen: str, path: Path) -> None:
    """Keep what a frozen part of the network gives in a file of features.

    ``frozen``: the part and its method, which takes a batch and gives one. Raises DataError when
    the part would learn, or when the method names none.
    """
    part, name = _of(network, frozen)
    learns = [n for n, p in part.named_parameters() if p.requires_grad]
    if not frozen or learns:
        why = f"{learns[0]!r} of it learns" if learns else "this method has none"
        raise DataError(f"Features are kept of a frozen encoder; {why}. Leave out features.")
    setattr(part, name, Kept(getattr(part, name), FeatureCache(path, _digest(part))))


def release(network: nn.Module, frozen: str) -> None:
    """Let the network compute everything itself again, as an export needs it."""
    part, name = _of(network, frozen)
    part.__dict__.pop(name, None)


class Kept:
    """A call whose results are kept, one an entry of the batch, with 16 bits a number."""

    def __init__(self, call: Call, cache: FeatureCache) -> None:
        self._call, self._cache = call, cache
        self._shape: tuple[int, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Kept:
        return self  # a copy of the network has the same frozen part

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Tensor:
        """The call's result; what is not known is computed together."""
        plain = inputs.detach().cpu().contiguous().numpy()
        names = [
            hashlib.sha256(row.tobytes() + str(row.shape).encode()).hexdigest() for row in plain
        ]
        if not self._shape:
            self._shape = tuple(self._call(inputs[:1]).shape[1:])
        known = [self._cache.get(name, "prepared") for name in names]
        new = [place for place, found in enumerate(known) if found is None]
        if new:
            made = self._call(inputs[new]).cpu().numpy().astype(np.float16)
            for place, row in zip(new, made, strict=True):
                known[place] = row.reshape(1, -1)
                self._cache.put(names[place], "prepared", row.reshape(1, -1))
        rows = [np.asarray(found, np.float32).reshape(self._shape) for found in known]
        return torch.from_numpy(np.stack(rows)).to(inputs.device)


def _of(network: nn.Module, frozen: str) -> tuple[nn.Module, str]:
    part, _, name = frozen.rpartition(".")
    return network.get_submodule(part), name


def _digest(part: nn.Module) -> str:
    found = hashlib.sha256()
    for name, value in sorted(part.state_dict().items()):
        found.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
