"""Xception (Chollet 2017, section 3), as the field's detectors use it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import ModelError
from unmask.train.backbones import timm_model
from unmask.train.method import read_checkpoint
from unmask.train.names import new_start

NAME = "legacy_xception.tf_in1k"
WIDTHS = (64, 128, 256, 728, 728, 1024, 2048)
"""Channels of the maps that ``stages`` gives."""
SMALL = {"middle": 1, "entry": 1, "thin": 8}
"""Sizes for tests: a block of each flow, narrow."""


def xception(
    pretrained: bool | Path = False,
    channels: int = 3,
    classes: int = 0,
    bare: bool = True,
    drop: float = 0.0,
    middle: int = 8,
    entry: int = 3,
    thin: int = 1,
) -> Any:
    """timm's Xception, whose names are those of the published checkpoints but for the head's.

    ``pretrained``: with timm's ImageNet weights, or with those of a file. ``bare``: without the
    last activation, as DeepfakeBench takes features. ``drop``: chance before the head.
    ``middle``, ``entry``: how many of the eight blocks of the middle flow and of the three of the
    entry flow there are, fewer for tests, as is ``thin``: what all channels are divided by. Raises
    MissingExtra, and DataError or ModelError when the weights cannot be had.
    """
    if pretrained and (entry < 3 or thin > 1):
        raise ModelError("Xception has no weights for an entry flow of fewer blocks or channels.")
    with torch.device("meta") if thin > 1 else nullcontext():
        network: Any = timm_model(
            NAME, pretrained is True, num_classes=classes, in_chans=channels, drop_rate=drop
        )
        if bare:
            network.act4 = nn.Identity()
        for number in range(4 + middle, 12):
            setattr(network, f"block{number}", nn.Identity())
        if entry < 3:
            _shorten(network, entry)
    if thin > 1:
        _thin(network, thin)
    if isinstance(pretrained, Path):
        _begin(network, pretrained)
    return network


def sizes(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings of a method say of ``middle``, ``entry`` and ``thin`` of ``xception``."""
    return {name: int(settings[name]) for name in SMALL if name in settings}


def _shorten(network: Any, entry: int) -> None:
    """Let the last of ``entry`` blocks widen and shrink the map as all three of them would."""
    from timm.models.xception import Block

    shrink = 2 ** (4 - entry)
    last = Block(WIDTHS[entry - 1], WIDTHS[3], 2, shrink, start_with_relu=entry > 1)
    setattr(network, f"block{entry}", last)
    for number in range(entry + 1, 4):
        setattr(network, f"block{number}", nn.Identity())


def _thin(network: Any, by: int) -> None:
    """Layers of fewer channels, begun as timm begins them, in the place of those of a network
    without memory: to fill all of it first would take longer than any test of it."""

    def fewer(count: int) -> int:
        return count // by if count > network.in_chans else count

    for path, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d):
            same = ("kernel_size", "stride", "padding")
            kept: Any = {name: getattr(layer, name) for name in same}
            sizes = fewer(layer.in_channels), fewer(layer.out_channels)
            made: Any = nn.Conv2d(*sizes, groups=fewer(layer.groups), bias=False, **kept)
            nn.init.kaiming_normal_(made.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.BatchNorm2d):
            made = nn.BatchNorm2d(fewer(layer.num_features))
        elif isinstance(layer, nn.Linear):
            made = nn.Linear(fewer(layer.in_features), layer.out_features)
        else:
            continue
        network.set_submodule(path, made)
    network.num_features = fewer(network.num_features)


def _begin(network: nn.Module, path: Path) -> None:
    """ImageNet weights as the field passes them round (``xception-b5690688.pth``), but the head's.

    Such files may keep the kernels of 1 × 1 as matrices.
    """
    ours, given = network.state_dict(), read_checkpoint(path)
    for name, value in given.items():
        if name.startswith(("fc.", "last_linear.")):
            continue
        matrix = name.endswith("pointwise.weight") and value.ndim == 2
        there = value[..., None, None] if matrix else value
        if name not in ours or there.shape != ours[name].shape:
            raise ModelError(f"{path} is not an Xception for ImageNet: it has {name!r}.")
        ours[name] = there
    needed = {name for name in ours if not name.endswith("num_batches_tracked")}
    if missing := sorted(needed - set(given) - {"fc.weight", "fc.bias"}):
        raise ModelError(f"{path} is not an Xception for ImageNet: it lacks {missing[0]!r}.")
    network.load_state_dict(ours)


def separable(taken: int, given: int) -> nn.Module:
    """A 3 × 3 convolution of each channel alone, and one of 1 × 1 across them, as in Xception."""
    from timm.models.xception import SeparableConv2d

    made: nn.Module = SeparableConv2d(taken, given, 3, 1, 1)
    return made


def block(width: int, convolutions: int = 3) -> nn.Module:
    """A block of Xception's middle flow: ReLU, separable convolution, norm, and round it again."""
    from timm.models.xception import Block

    made: nn.Module = Block(width, width, convolutions)
    return made


def take(network: Any, weight: Tensor) -> None:
    """Let the first convolution of an ``xception`` be one with this weight (32, channels, 3, 3)."""
    network.conv1 = nn.Conv2d(weight.shape[1], weight.shape[0], 3, 2, bias=False)
    network.conv1.weight.data.copy_(weight)


def benchmark_names(
    checkpoint: Mapping[str, Tensor], starts: Mapping[str, str] | None = None
) -> dict[str, Tensor]:
    """A checkpoint of DeepfakeBench with its Xceptions named as here; what is not known stays.

    ``starts``: beginnings there and here, ``backbone.`` and ``net.`` unless others are named. The
    narrowing that stands in each Xception of theirs and that most detectors do not use is dropped.
    """
    known = {"backbone.": "net."} if starts is None else starts
    result = {}
    for name, value in checkpoint.items():
        bare = name.removeprefix("module.")
        ours = new_start(bare, known)
        if ours != bare:
            if ".adjust_channel." in bare:
                continue
            ours = ours.replace(".last_linear.1.", ".fc.").replace(".last_linear.", ".fc.")
        result[ours] = value
    return result


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
