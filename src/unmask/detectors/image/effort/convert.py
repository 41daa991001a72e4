"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.svd_residual import beginnings
from unmask.train.names import new_start

_FROZEN = ("U_r", "S_r", "V_r")
_STARTS = {"backbone.": "tower.clip."}
_BUFFERS = ("position_ids",)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours.

    The frozen directions are not kept: only where the trained ones began follows from them, and the
    norm of the weight, which is that of its parts as they are in the file.
    """
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    result = {
        new_start(name, _STARTS): value
        for name, value in bare.items()
        if not name.endswith((*_FROZEN, *_BUFFERS))
    }
    for name, trained in bare.items():
        layer, _, last = name.rpartition(".")
        if last != "S_residual" or not all(f"{layer}.{part}" in bare for part in _FROZEN):
            continue
        ours = new_start(f"{layer}.", _STARTS)
        start = beginnings(bare[f"{layer}.U_r"], bare[f"{layer}.V_r"], len(trained))
        result[f"{ours}U_start"], result[f"{ours}V_start"] = start
        frozen = bare[f"{layer}.S_r"]
        result[f"{ours}energy"] = frozen.square().sum() + trained.square().sum()
    return result
