"""ResNet-50 (He et al. 2016) as QAD uses it (Le and Woo 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import Pixels
from unmask.train.backbones import timm_model

SIZE = 224
"""Side of the face in pixels."""
BACKBONE = "resnet50.tv_in1k"


class QAD(nn.Module):
    """Face (B, 3, 224, 224), RGB 0…255, to ``logit`` (B).

    ``pretrained``: from ImageNet weights; ``layers`` and ``channels`` are ResNet-50's. ``steps``
    counts the batches that it has learnt from.
    """

    net: Any
    steps: Tensor

    def __init__(
        self,
        pretrained: bool = False,
        layers: Sequence[int] = (3, 4, 6, 3),
        channels: Sequence[int] = (64, 128, 256, 512),
    ) -> None:
        super().__init__()
        self.net = timm_model(
            BACKBONE,
            pretrained,
            num_classes=2,
            layers=tuple(layers),
            channels=tuple(channels),
            zero_init_last=False,
        )
        self.pixels = Pixels()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, face: Tensor) -> dict[str, Any]:
        """``logit``: log-odds of forgery, the authors' second output less the first. In training
        also ``maps``: what the first three stages make of the face.
        """
        net = self.net
        x = net.maxpool(net.act1(net.bn1(net.conv1(self.pixels(face)))))
        maps = []
        for stage in (net.layer1, net.layer2, net.layer3):
            x = stage(x)
            maps.append(x)
        real, forged = net.forward_head(net.layer4(x)).unbind(1)
        outputs: dict[str, Any] = {"logit": forged - real}
        return outputs | {"maps": maps} if self.training else outputs
