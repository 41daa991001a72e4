"""Two networks of faces whose judgements are averaged, after Shamanth et al. 2022."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import Pixels
from unmask.nn.xception import xception
from unmask.train.backbones import timm_model

SIZE = 224
"""Side of the face in pixels."""
RESNET = "resnet50.tv_in1k"


class Ensemble(nn.Module):
    """Face (B, 3, 224, 224), RGB 0…255, to ``logit`` (B) and ``each`` (B, 2).

    ``pretrained``: both from ImageNet weights; ``layers`` and ``channels`` are the ResNet's,
    ``sizes`` the Xception's, as ``xception`` takes them.
    """

    def __init__(
        self,
        pretrained: bool = False,
        layers: Sequence[int] = (3, 4, 6, 3),
        channels: Sequence[int] = (64, 128, 256, 512),
        **sizes: Any,
    ) -> None:
        super().__init__()
        self.resnet: Any = timm_model(
            RESNET,
            pretrained,
            num_classes=1,
            layers=tuple(layers),
            channels=tuple(channels),
            zero_init_last=False,
        )
        self.xception: Any = xception(pretrained, classes=1, bare=False, **sizes)
        self.pixels = Pixels()

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: the mean log-odds of forgery. ``each``: of the ResNet and the Xception."""
        x = self.pixels(face)
        each = torch.cat([self.resnet(x), self.xception(x)], 1)
        return {"logit": each.mean(1), "each": each}
