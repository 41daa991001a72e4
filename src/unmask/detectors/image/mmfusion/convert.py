"""The authors' checkpoints under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

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
    return trufor_renamed(theirs)


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
