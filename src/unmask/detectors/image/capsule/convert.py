"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "fea_ext.ext_1.": "primary.0.",
    "fea_ext.ext_2.": "primary.1.",
    "fea_ext.ext_3.": "primary.2.",
    "routing_stats.route_weights": "routing.weight",
    "vgg.features.": "vgg.",
}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network as ours; VGG, where it is there, stands under ``vgg.``."""
    return {
        new_start(name.removeprefix("module."), _STARTS): value
        for name, value in checkpoint.items()
    }
