"""The authors' checkpoint, of the package efficientnet_pytorch, under timm's names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

REPEATS = (2, 4, 4, 6, 6, 8, 2)
"""Blocks of each stage of EfficientNet-B4."""
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
_PLACES = [(stage, block) for stage, count in enumerate(REPEATS) for block in range(count)]


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of efficientnet_pytorch as timm's; what has no place there keeps its name."""
    return {_renamed(name): value for name, value in checkpoint.items()}


def _renamed(name: str) -> str:
    bare = name.removeprefix("module.").removeprefix("net.")
    if found := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", bare):
        number, layer, weight = int(found[1]), found[2], found[3]
        if number < len(_PLACES):
            stage, block = _PLACES[number]
            table = _EXPANDED if stage else _FIRST
            return f"net.blocks.{stage}.{block}.{table.get(layer, layer)}.{weight}"
    layer, _, weight = bare.partition(".")
    return f"net.{_OUTSIDE.get(layer, layer)}.{weight}"
