"""Convolutions over space and time that keep every frame.

``C3D``: Tran et al. 2015, "Learning Spatiotemporal Features with 3D Convolutional Networks",
section 3, in the form of Cai et al. 2022, "Do You Really Mean That?" (LAV-DF), section 4.1.
``FrameResNet``: Stafylakis and Tzimiropoulos 2017, "Combining Residual Networks with LSTMs for
Lipreading", section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn


class _Convolved(nn.Module):
    """A convolution and its activation, named as in the published checkpoints."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv
        self.activation = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """As the convolution."""
        result: Tensor = self.activation(self.conv(x))
        return result


def _cube(inside: int, outside: int) -> _Convolved:
    return _Convolved(nn.Conv3d(inside, outside, 3, padding=1))


class C3D(nn.Module):
    """Clips (B, 3, T, 96, 96) to features (B, ``features``, T).

    ``widths``: channels of the four blocks; each of the first three halves the picture (the first
    takes a third), the last quarters it.
    """

    def __init__(self, widths: Sequence[int] = (64, 96, 128, 128), features: int = 256) -> None:
        super().__init__()
        first, last = widths[0], widths[-1]
        self.block0 = nn.Sequential(_cube(3, first), _cube(first, first), nn.MaxPool3d((1, 3, 3)))
        (a, b), (_, c) = pairwise(widths[:3])
        self.block1 = nn.Sequential(_cube(a, b), _cube(b, b), nn.MaxPool3d((1, 2, 2)))
        self.block2 = nn.Sequential(_cube(b, c), _cube(c, c), nn.MaxPool3d((1, 2, 2)))
        self.block3 = nn.ModuleList(
            [
                _cube(c, last),
                nn.MaxPool3d((1, 2, 2)),
                _cube(last, last),
                nn.MaxPool3d((1, 2, 2)),
                nn.Identity(),
                _Convolved(nn.Conv1d(4 * last, features, 1)),
            ]
        )

    def forward(self, clip: Tensor) -> Tensor:
        """One vector a frame."""
        x = self.block2(self.block1(self.block0(clip)))
        *cubes, join = self.block3
        for part in cubes:
            x = part(x)
        result: Tensor = join(x.permute(0, 1, 3, 4, 2).flatten(1, 3))
        return result


class FrameResNet(nn.Module):
    """Clips (B, ``channels``, T, H, W) to features (B, T, ``width``): one convolution over space
    and time, then a ResNet-18 of each frame, with learnt slopes. ``blocks``: how many each stage
    has; with fewer than four the first stages are left out.
    """

    def __init__(
        self, channels: int = 3, width: int = 512, blocks: Sequence[int] = (2, 2, 2, 2)
    ) -> None:
        super().__init__()
        self.v_conv3D = nn.Sequential(
            nn.Conv3d(channels, 64, (5, 7, 7), (1, 2, 2), (2, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            nn.PReLU(64),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        )
        widths = [width // 8, width // 4, width // 2, width]
        self.v_conv2D = _Trunk(widths[-len(blocks) :], blocks)

    def forward(self, clip: Tensor) -> Tensor:
        """One vector a frame."""
        x = self.v_conv3D(clip)
        frames = x.transpose(1, 2).flatten(0, 1)
        result: Tensor = self.v_conv2D(frames)
        return result.reshape(x.shape[0], x.shape[2], -1)


class _Trunk(nn.Module):
    def __init__(self, widths: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        layers = []
        for number, (inside, outside) in enumerate(pairwise([64, *widths])):
            stride = 2 if number else 1
            more = (_Basic(outside, outside) for _ in range(blocks[number] - 1))
            layers.append(nn.Sequential(_Basic(inside, outside, stride), *more))
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x.mean((2, 3))


class _Basic(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu1 = nn.PReLU(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.relu2 = nn.PReLU(outside)
        self.downsample: Any = None
        if stride > 1 or inside != outside:
            self.downsample = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        kept = x if self.downsample is None else self.downsample(x)
        result: Tensor = self.relu2(inner + kept)
        return result
