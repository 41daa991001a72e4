"""EfficientNet (Tan and Le 2019), as the package that many authors use computes it.

That package works out the uneven rims of TensorFlow's convolutions once, for one size of picture;
timm does at each call, which no exported graph likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.backbones import timm_model

REPEATS = {
    0: (1, 2, 2, 3, 3, 4, 1),
    4: (2, 4, 4, 6, 6, 8, 2),
    7: (4, 7, 7, 10, 10, 13, 4),
}
"""Blocks of the stages of B0, B4 and B7."""
_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_EXPANDED = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
    "_se_reduce": "se.conv_reduce",
    "_se_expand": "se.conv_expand",
}
_FIRST = {**_EXPANDED, "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""Blocks of the first stage do not expand, and timm counts their layers from one."""


class _Padded(nn.Conv2d):
    """A convolution whose rim is TensorFlow's for one size of picture, whatever comes."""

    rim: tuple[int, int]

    def forward(self, x: Tensor) -> Tensor:
        """As ``Conv2d``."""
        return super().forward(F.pad(x, self.rim * 2))


def efficientnet(name: str, side: int, pretrained: bool = False, **options: Any) -> nn.Module:
    """timm's EfficientNet of a name, with the rims that it has for pictures of ``side`` pixels.

    ``options`` say how it is built. Raises MissingExtra, ModelError as ``timm_model``.
    """
    network = timm_model(name, pretrained, pad_type="same", bn_momentum=0.01, **options)
    from timm.layers import Conv2dSame

    for module in network.modules():
        if isinstance(module, Conv2dSame):
            kernel, stride = module.kernel_size[0], module.stride[0]
            after = -(-side // stride)
            rim = max((after - 1) * stride + kernel - side, 0)
            module.__class__ = _Padded
            module.rim = (rim // 2, rim - rim // 2)
            side = after
    return network


def timm_names(checkpoint: Mapping[str, Tensor], size: int = 4) -> dict[str, Tensor]:
    """Names of efficientnet_pytorch as timm's, for B ``size``; what is not known stays."""
    places = [(stage, block) for stage, n in enumerate(REPEATS[size]) for block in range(n)]
    return {_renamed(name, places): value for name, value in checkpoint.items()}


def _renamed(name: str, places: list[tuple[int, int]]) -> str:
    parts = name.split(".")
    if parts[0] == "_blocks" and len(parts) == 4 and parts[1].isdigit():
        number, layer, weight = int(parts[1]), parts[2], parts[3]
        if number < len(places):
            stage, block = places[number]
            table = _EXPANDED if stage else _FIRST
            return f"blocks.{stage}.{block}.{table.get(layer, layer)}.{weight}"
    layer, _, weight = name.partition(".")
    return f"{_OUTSIDE.get(layer, layer)}.{weight}"
