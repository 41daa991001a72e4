"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder_f.adjust_channel.": "forgery.adjust.",
    "encoder_c.adjust_channel.": "content.adjust.",
    "encoder_f.": "forgery.net.",
    "encoder_c.": "content.net.",
    "block_spe.conv2d.": "specific.",
    "block_sha.conv2d.": "common.",
    "head_spe.mlp.": "specific_head.",
    "head_sha.mlp.": "common_head.",
    "con_gan.dconv_up3.": "decoder.steps.0.",
    "con_gan.dconv_up2.": "decoder.steps.1.",
    "con_gan.dconv_up1.": "decoder.steps.2.",
    "con_gan.conv_last.": "decoder.last.",
}
_UNUSED = ("encoder_f.last_linear.", "encoder_c.last_linear.")
"""The encoders' own classifiers, which nothing reads."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours; what has no place here keeps its name."""
    converted = {}
    for name, value in checkpoint.items():
        bare = name.removeprefix("module.")
        if bare.startswith(_UNUSED):
            continue
        converted[new_start(bare, _STARTS)] = value
    return converted
