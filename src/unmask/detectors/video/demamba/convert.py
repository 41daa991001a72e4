"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder.vision_model.": "encoder.",
    "mamba.norm.": "mamba.norm.",
    "mamba.mixer.A_log": "mamba.ahead.log_decay",
    "mamba.mixer.A_b_log": "mamba.mirrored.log_decay",
    "mamba.mixer.D_b": "mamba.mirrored.through",
    "mamba.mixer.D": "mamba.ahead.through",
    "mamba.mixer.x_proj_b.": "mamba.mirrored.x_proj.",
    "mamba.mixer.dt_proj_b.": "mamba.mirrored.dt_proj.",
    "mamba.mixer.x_proj.": "mamba.ahead.x_proj.",
    "mamba.mixer.dt_proj.": "mamba.ahead.dt_proj.",
    "mamba.mixer.conv1d.": "mamba.conv.",
    "mamba.mixer.": "mamba.",
    "fc_norm2.": "norm_frames.",
    "fc_norm.": "norm_patches.",
    "fc1.": "head.",
}
_UNUSED = ("mamba.mixer.conv1d_b.",)
"""A convolution for the second direction, which the authors' network builds and never calls."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network on X-CLIP as ours; what has no place here keeps its name."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    return {
        new_start(name, _STARTS): value
        for name, value in bare.items()
        if not name.startswith(_UNUSED) and not name.endswith("position_ids")
    }
