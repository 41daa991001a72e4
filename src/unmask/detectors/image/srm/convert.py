"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.xception import benchmark_names
from unmask.train.names import new_start

_BACKBONES = {"backbone_rgb.": "picture.", "backbone_srm.": "noise."}
_STARTS = {
    "srm_conv1.out_conv.": "residuals_first.join.",
    "srm_conv2.out_conv.": "residuals_second.join.",
    "srm_sa_post.": "after_attention.",
    "srm_sa.conv.": "attention.stem.",
    "srm_sa.pa.conv.": "attention.look.",
    "dual_cma0.": "cross_first.",
    "dual_cma1.": "cross_second.",
    "fusion.convblk.": "fusion.join.",
    "fusion.ca.sharedMLP.": "fusion.weigh.",
}
_PARTS = {
    "key_conv1.": "key_first.",
    "key_conv2.": "key_second.",
    "key_conv_share.": "key_shared.",
    "linear1.": "mix_first.",
    "linear2.": "mix_second.",
    "value_conv1.": "value_first.",
    "value_conv2.": "value_second.",
    "gamma1": "share_first",
    "gamma2": "share_second",
}
_UNUSED = ("noise.fc.", "blur.")
"""The noise stream's own classifier and a blur, which nothing reads."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours; its fixed filters are always the same and left out."""
    result = {}
    for name, value in benchmark_names(checkpoint, _BACKBONES).items():
        if name.startswith(_UNUSED) or name.endswith(".kernel"):
            continue
        ours = new_start(name, _STARTS)
        start, _, rest = ours.partition(".")
        if start in ("cross_first", "cross_second"):
            ours = f"{start}.{new_start(rest, _PARTS)}"
        result[ours] = value
    return result
