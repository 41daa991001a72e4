"""The authors' checkpoint under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.detectors.image.trufor.convert import renamed as streams_renamed

_UNUSED = re.compile(r"noise_backbone\.block\d\.\d+\.norm1\.|seg_decoder\.gamma[56]$")
"""Norms before the noise stream's attention and two weights, which their program never uses."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    plain = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    ours = {_name(name): value for name, value in plain.items() if not _UNUSED.match(name)}
    return streams_renamed(ours)


def _name(name: str) -> str:
    """Ours, or for the two streams what TruFor's authors call theirs."""
    if found := re.match(r"(noise|image)_backbone\.(.*)", name):
        return f"backbone.{'extra_' if found[1] == 'noise' else ''}{found[2]}"
    if found := re.match(r"seg_decoder\.(gamma|conv_layer)(\d)(.*)", name):
        part = "gamma" if found[1] == "gamma" else "reduce"
        return f"mask_head.{part}.{int(found[2]) - 1}{found[3]}"
    for theirs, new in (
        ("noise_extractor.layers.", "noiseprint."),
        ("seg_decoder.conv_last.", "mask_head.predict."),
        ("seg_decoder.norm.", "mask_head.norm."),
        ("cls_decoder.2.", "detect."),
    ):
        if name.startswith(theirs):
            return new + name.removeprefix(theirs)
    return name
