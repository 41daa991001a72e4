"""The authors' checkpoint, of the package efficientnet_pytorch, under timm's names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.efficientnet import timm_names


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of efficientnet_pytorch as timm's; what has no place there keeps its name."""
    bare = {
        name.removeprefix("module.").removeprefix("net."): value
        for name, value in checkpoint.items()
    }
    return {f"net.{name}": value for name, value in timm_names(bare).items()}
