"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {"conv1.": "stem.0.", "bn1.": "stem.1.", "fc1.": "head."}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their ResNet as ours; the prefix of a network trained on several GPUs is cut."""
    return {
        new_start(name.removeprefix("module."), _STARTS): value
        for name, value in checkpoint.items()
    }
