"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {"model.last_linear.1.": "head.", "model.last_linear.": "head.", "model.": "net."}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their Xception as ours; what has no place here keeps its name."""
    return {
        new_start(name.removeprefix("module."), _STARTS): value
        for name, value in checkpoint.items()
    }
