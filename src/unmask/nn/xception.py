"""Xception (Chollet 2017, section 3), as the field's detectors use it."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from unmask.train.backbones import timm_model

NAME = "legacy_xception.tf_in1k"
WIDTHS = (64, 128, 256, 728, 728, 1024, 2048)
"""Channels of the maps that ``stages`` gives."""


def xception(
    pretrained: bool = False, channels: int = 3, classes: int = 0, bare: bool = True
) -> Any:
    """timm's Xception, whose names are those of the published checkpoints but for the head's.

    ``bare``: without the last activation, as in DeepfakeBench. Raises MissingExtra, and ModelError
    when the weights cannot be had.
    """
    network: Any = timm_model(NAME, pretrained, num_classes=classes, in_chans=channels)
    if bare:
        network.act4 = nn.Identity()
    return network


def stages(network: Any, picture: Tensor) -> list[Tensor]:
    """Maps of an ``xception``: after the stem, the three blocks of the entry flow, the middle flow,
    the block of the exit, and at the end.
    """
    x = network.act1(network.bn1(network.conv1(picture)))
    x = network.act2(network.bn2(network.conv2(x)))
    maps = [x]
    for number in range(1, 13):
        x = getattr(network, f"block{number}")(x)
        if number in (1, 2, 3, 11, 12):
            maps.append(x)
    x = network.act3(network.bn3(network.conv3(x)))
    return [*maps, network.act4(network.bn4(network.conv4(x)))]
