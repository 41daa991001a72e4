"""A checkpoint of the authors' APSC-Net under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_HEAD = {
    "conv_seg.": "predict.",
    "convert.": "fine.",
    "bottleneck.": "pyramid.coarsest.join.",
    "MSDEC.image_pool.1.": "rectify.decoder.mean.",
    "MSDEC.aspp_modules.0.": "rectify.decoder.near.",
    "MSDEC.bottleneck.": "rectify.decoder.join.",
    "MSDEC.c1_bottleneck.": "rectify.decoder.fine.",
    "MSDEC.sep_bottleneck.": "rectify.decoder.refine.",
    "MSDEC.conv_seg.": "rectify.decoder.predict.",
    "CE.cSE.": "rectify.again.weigh.",
    "CE.c11.": "rectify.again.narrow.",
    "cls_head.": "judge.layers.",
}
_BLOCK = {"dwconv": "conv_dw", "pwconv1": "mlp.fc1", "pwconv2": "mlp.fc2"}


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of their file under our names; a name that is not known stays as it is."""
    return {_name(name.removeprefix("module.")): value for name, value in checkpoint.items()}


def _name(name: str) -> str:
    part, _, rest = name.partition(".")
    if part == "backbone":
        return _encoder(rest)
    if part == "decode_head":
        return _plain(_head(rest))
    return name


def _encoder(name: str) -> str:
    if found := re.match(r"norm(\d)\.(.*)", name):
        return f"encoder.norms.{found[1]}.{found[2]}"
    if found := re.match(r"downsample_layers\.(\d)\.(\d)\.(.*)", name):
        where = (
            f"stem_{found[2]}" if found[1] == "0" else f"stages_{found[1]}.downsample.{found[2]}"
        )
        return f"encoder.stages.{where}.{found[3]}"
    if found := re.match(r"stages\.(\d)\.(\d+)\.(\w+)(.*)", name):
        layer = _BLOCK.get(found[3], found[3])
        return f"encoder.stages.stages_{found[1]}.blocks.{found[2]}.{layer}{found[4]}"
    return f"encoder.{name}"


def _head(name: str) -> str:
    if found := re.match(r"psp_modules\.(\d)\.1\.(.*)", name):
        return f"pyramid.coarsest.each.{found[1]}.{found[2]}"
    if found := re.match(r"SE(\d)\.(.*)", name):
        return f"pyramid.weigh.{3 - int(found[1])}.weigh.{found[2]}"
    if found := re.match(r"(lateral|fpn)_convs\.(.*)", name):
        return f"pyramid.{'side' if found[1] == 'lateral' else 'smooth'}.{found[2]}"
    if found := re.match(r"MSDEC\.aspp_modules\.([1-9])\.(.*)", name):
        return f"rectify.decoder.far.{int(found[1]) - 1}.{found[2]}"
    if found := re.match(r"ha\.kg\.(\d)\.(.*)", name):
        return f"rectify.spread.layers.{int(found[1]) - 1}.{found[2]}"
    return new_start(name, _HEAD)


def _plain(name: str) -> str:
    """Their blocks of convolution, norm and ReLU stand in a row here."""
    name = name.replace("depthwise_conv.", "0.").replace("pointwise_conv.", "1.")
    return re.sub(r"\.bn\.", ".1.", re.sub(r"\.conv\.", ".0.", name))
