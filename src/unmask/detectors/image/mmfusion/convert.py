"""The authors' checkpoints under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from unmask.detectors.image.mmfusion.filters import FILTERS
from unmask.detectors.image.trufor.convert import renamed as trufor_renamed

_EXTRACTOR = "extractor_state_dict."
_UNUSED = (f"{_EXTRACTOR}srm.", "srm.")
"""Of the fixed filter, which is no weight."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the network and of its filters under our names."""
    theirs = {
        _name(name.removeprefix("module.")): value
        for name, value in checkpoint.items()
        if not name.startswith(_UNUSED)
    }
    return _beside(trufor_renamed(theirs))


def _beside(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What each filter is mixed by stands as groups of one convolution here."""
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        group = re.fullmatch(r"mixer\.each\.(\d)\.(.+)", name)
        if not group:
            found[name] = value
        elif group[1] == "0":
            every = [name.replace(".0.", f".{one}.", 1) for one in range(FILTERS)]
            there = [tensors[one] for one in every if one in tensors]
            found[f"mixer.each.{group[2]}"] = torch.cat(there) if value.ndim else value
    return found


def _name(name: str) -> str:
    """Ours, or for what MMFusion shares with TruFor what that one's authors call it."""
    if found := re.match(
        r"backbone\.extra_downsample_layers\.(\d)\.(proj\.module|norm\.ln_0)", name
    ):
        part = found[2].partition(".")[0]
        return f"backbone.extra_patch_embed{int(found[1]) + 1}.{part}{name[found.end() :]}"
    if name.startswith("backbone.modal_mix."):
        return _mixed(name.removeprefix("backbone.modal_mix."))
    if name.startswith(_EXTRACTOR):
        return name.removeprefix(_EXTRACTOR)
    name = re.sub(r"^conf_head\.", "decode_head_conf.", name)
    return name.replace("linear_fuse.conv.", "linear_fuse.0.").replace(
        "linear_fuse.bn.", "linear_fuse.1."
    )


def _mixed(name: str) -> str:
    """A part of the mixer: their blocks of convolution, norm and ReLU stand in one row here."""
    name = name.replace("blocks.", "each.", 1).replace("mixer.", "all.", 1)
    name = name.replace(".final.", ".9.")
    if found := re.search(r"\.convs\.(\d)\.(\d)\.", name):
        place = 3 * int(found[1]) + int(found[2])
        name = f"{name[: found.start()]}.{place}.{name[found.end() :]}"
    return f"mixer.{name}"
