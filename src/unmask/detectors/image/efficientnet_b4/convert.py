"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.efficientnet import timm_names
from unmask.train.names import new_start

_STARTS = {"backbone.efficientnet.": "", "backbone.last_layer.": "_fc."}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours: efficientnet_pytorch's as timm's, and their own head."""
    bare = {
        new_start(name.removeprefix("module."), _STARTS): value
        for name, value in checkpoint.items()
    }
    return {f"net.{name}": value for name, value in timm_names(bare).items()}
