"""A ResNet that also reads what blurring takes away (Song et al. 2024, "MM-Det", section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import MissingExtra

KERNELS = (3, 5, 7)
_CHANNELS = (256, 512, 1024)


def blurred(maps: Tensor, size: int) -> Tensor:
    """Maps (N, C, H, W) under a Gaussian of ``size`` pixels."""
    spread = ((size - 1) * 0.5 - 1) * 0.5 + 0.8
    place = torch.arange(size, dtype=maps.dtype, device=maps.device) - (size - 1) / 2
    line = (-0.5 * (place / spread).square()).exp()
    line = line / line.sum()
    count, half = maps.shape[1], size // 2
    rimmed = F.pad(maps, (half, half, half, half), mode="reflect")
    across = F.conv2d(rimmed, line.expand(count, 1, 1, size), groups=count)
    return F.conv2d(across, line[:, None].expand(count, 1, size, 1), groups=count)


def _resnet(layers: Sequence[int], stem: int = 64) -> Any:
    try:
        from timm.layers import StdConv2dSame
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
        conv_layer=partial(StdConv2dSame, eps=1e-8),
    )


class Residual(nn.Module):
    """Pictures (N, 3, H, W), normalised, to features (N, 1024, H / 16, W / 16).

    Beside the first stage of a ResNet (v2, as the hybrid ViT has it) a second one reads the
    difference between early maps and blurs of them under ``kernels``; both go on as one. With
    fewer stages the features are ``width`` numbers at every ``stride`` pixels.
    """

    def __init__(self, layers: Sequence[int] = (3, 4, 9), kernels: Sequence[int] = KERNELS) -> None:
        super().__init__()
        self.kernels = tuple(kernels)
        self.width, self.stride = _CHANNELS[len(layers) - 1], 4 * 2 ** (len(layers) - 1)
        whole = _resnet(layers)
        self.stem, self.stages, self.norm = whole.stem, whole.stages, whole.norm
        self.fine_stem = _resnet(layers).stem
        self.fine_stage = _resnet(layers[:1], stem=64 * len(kernels)).stages[0]
        self.joined = nn.Sequential(
            nn.Conv2d(512, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU()
        )
        for part in (*self.fine_stage.modules(), *self.joined.modules()):
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight)

    def forward(self, picture: Tensor) -> Tensor:
        """The features."""
        fine = self.fine_stem(picture)
        lost = torch.cat([fine - blurred(fine, size) for size in self.kernels], 1)
        x = self.stages[0](self.stem(picture))
        x = self.joined(torch.cat([x, self.fine_stage(lost)], 1))
        for stage in self.stages[1:]:
            x = stage(x)
        features: Tensor = self.norm(x)
        return features
