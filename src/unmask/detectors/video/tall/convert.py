"""The authors' checkpoint under timm's names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_MADE = ("attn_mask", "relative_position_index")
"""Buffers that follow from the sizes; both networks make them."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of the Swin repository as timm's, which counts a merging to the stage after it."""
    converted = {}
    for name, value in checkpoint.items():
        bare = name.removeprefix("module.")
        if bare.endswith(_MADE):
            continue
        if bare == "frame_pos_embed":
            converted["places"] = value
            continue
        if found := re.fullmatch(r"layers\.(\d+)\.downsample\.(.+)", bare):
            bare = f"layers.{int(found[1]) + 1}.downsample.{found[2]}"
        converted[f"swin.{re.sub('^head[.]', 'head.fc.', bare)}"] = value
    return converted
