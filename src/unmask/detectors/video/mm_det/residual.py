"""A ResNet that also reads what blurring takes away (Song et al. 2024, "MM-Det", section 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import MissingExtra

KERNELS = (3, 5, 7)
_CHANNELS = (256, 512, 1024)
_STEM = 64
_EPSILON = 1e-8


class Standardised(nn.Conv2d):
    """A convolution whose weights have mean 0 and spread 1 for each output channel.

    "Same" padding as TensorFlow has it: a map keeps its side, or loses all but every ``stride``-th
    pixel, and where the rims cannot be equal, the later one is wider.
    """

    def __init__(
        self, came: int, goes: int, kernel_size: int, stride: int = 1, **options: Any
    ) -> None:
        even = kernel_size // 2 if stride == 1 else 0
        super().__init__(came, goes, kernel_size, stride, even, bias=False, **options)

    def _rimmed(self, maps: Tensor) -> Tensor:
        size, step = self.kernel_size[0], self.stride[0]
        rims: list[int] = []
        for side in (maps.shape[3], maps.shape[2]):
            missing = max((math.ceil(side / step) - 1) * step + size - side, 0)
            rims += [missing // 2, missing - missing // 2]
        return F.pad(maps, rims) if any(rims) else maps

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (N, C, H, W)."""
        maps = maps if self.stride[0] == 1 else self._rimmed(maps)
        weight = F.layer_norm(self.weight, self.weight.shape[1:], eps=_EPSILON)
        return F.conv2d(maps, weight, None, self.stride, self.padding, self.dilation, self.groups)


class Blur(nn.Module):
    """Maps (N, ``width``, H, W) under a Gaussian of ``size`` pixels."""

    across: Tensor
    down: Tensor

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        spread = ((size - 1) * 0.5 - 1) * 0.5 + 0.8
        place = torch.arange(size) - (size - 1) / 2
        line = (-0.5 * (place / spread).square()).exp()
        line = (line / line.sum()).expand(width, 1, 1, size).contiguous()
        self.register_buffer("across", line, persistent=False)
        self.register_buffer("down", line.transpose(2, 3), persistent=False)
        self.width, self.rims = width, [size // 2] * 4

    def forward(self, maps: Tensor) -> Tensor:
        """The same shape."""
        rimmed = F.pad(maps, self.rims, mode="reflect")
        across = F.conv2d(rimmed, self.across, groups=self.width)
        return F.conv2d(across, self.down, groups=self.width)


def _resnet(layers: Sequence[int], stem: int = _STEM) -> Any:
    try:
        from timm.models.resnetv2 import ResNetV2
    except ImportError:
        raise MissingExtra("MM-Det", "train") from None
    return ResNetV2(
        layers=tuple(layers),
        channels=_CHANNELS[: len(layers)],
        num_classes=0,
        global_pool="",
        preact=False,
        stem_type="same",
        stem_chs=stem,
        conv_layer=Standardised,
    )


class Residual(nn.Module):
    """Pictures (N, 3, H, W), normalised, to features (N, 1024, H / 16, W / 16).

    Beside the first stage of a ResNet (v2, as the hybrid ViT has it) a second one reads the
    difference between early maps and blurs of them under ``kernels``; both go on as one. With
    fewer stages the features are ``width`` numbers at every ``stride`` pixels.
    """

    def __init__(self, layers: Sequence[int] = (3, 4, 9), kernels: Sequence[int] = KERNELS) -> None:
        super().__init__()
        self.width, self.stride = _CHANNELS[len(layers) - 1], 4 * 2 ** (len(layers) - 1)
        whole = _resnet(layers)
        self.stem, self.stages, self.norm = whole.stem, whole.stages, whole.norm
        self.fine_stem = _resnet(layers).stem
        self.blurs = nn.ModuleList(Blur(_STEM, size) for size in kernels)
        self.fine_stage = _resnet(layers[:1], stem=_STEM * len(kernels)).stages[0]
        self.joined = nn.Sequential(
            nn.Conv2d(512, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU()
        )
        for part in (*self.fine_stage.modules(), *self.joined.modules()):
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight)

    def forward(self, picture: Tensor) -> Tensor:
        """The features."""
        fine = self.fine_stem(picture)
        lost = torch.cat([fine - blur(fine) for blur in self.blurs], 1)
        x = self.stages[0](self.stem(picture))
        x = self.joined(torch.cat([x, self.fine_stage(lost)], 1))
        for stage in self.stages[1:]:
            x = stage(x)
        features: Tensor = self.norm(x)
        return features
