"""The authors' checkpoint under our names: encoder and projections, and the classifier beside."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder.selfcon_layer.1.": "exit.",
    "encoder.": "body.",
    "head.": "project.",
    "sub_heads.0.": "project_exit.",
    "classifier.": "classify.",
}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network as ours; the prefix of a network trained on several GPUs is cut."""
    return {
        new_start(name.replace("module.", ""), _STARTS).replace(".shortcut.", ".downsample."): value
        for name, value in checkpoint.items()
    }
