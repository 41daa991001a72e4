"""The network: a ResNet-50 on the picture and the noise that a diffusion model sees in it.

Lim, Lee, Kim and Seo 2024, "DistilDIRE: A Small, Fast, Cheap and Lightweight Diffusion Synthesized
Deepfake Detection", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unmask.detectors.image.distildire.adm import Adm, Sizes
from unmask.detectors.image.distildire.diffusion import first_noise
from unmask.nn.pixels import HALF, Pixels
from unmask.train.backbones import timm_model

TEACHER = "resnet50.tv2_in1k"
LAYERS, CHANNELS = (3, 4, 6, 3), (64, 128, 256, 512)
"""Blocks of the four stages of a ResNet-50, and the width inside them."""


class DistilDire(nn.Module):
    """Pictures (B, 3, 256, 256), RGB 0…255, to ``logit`` (B), in training ``features`` too.

    ``sizes``: of the diffusion model, which stands still; ``layers`` and ``channels``: blocks of
    the student's stages and their width. The teacher is no part of it.
    """

    def __init__(
        self,
        sizes: Mapping[str, Any] | None = None,
        layers: Sequence[int] = LAYERS,
        channels: Sequence[int] = CHANNELS,
    ) -> None:
        super().__init__()
        self.adm = Adm(Sizes(**(sizes or {}))).requires_grad_(False)
        self.student: Any = timm_model(
            "resnet50",
            False,
            num_classes=0,
            in_chans=6,
            zero_init_last=False,
            layers=tuple(layers),
            channels=tuple(channels),
        )
        self.head = nn.Linear(4 * channels[-1], 1)
        self.pixels = Pixels(HALF)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.adm.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The noise of the first step is computed here."""
        pixels = self.pixels(picture)
        return self.judged(pixels, first_noise(self.adm, pixels.detach()))

    def judged(self, pixels: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Pixels (-1…1) and their noise, both (B, 3, S, S)."""
        features = self.student.forward_features(torch.cat([pixels, noise], dim=1))
        outputs = {"logit": self.head(features.mean((2, 3))).squeeze(1)}
        return {**outputs, "features": features} if self.training else outputs


def teacher(
    pretrained: bool, layers: Sequence[int] = LAYERS, channels: Sequence[int] = CHANNELS
) -> nn.Module:
    """A frozen ResNet-50: its last maps are what the student learns to give.

    Raises MissingExtra, ModelError when its weights cannot be had.
    """
    name = TEACHER if pretrained else "resnet50"
    network = timm_model(
        name, pretrained, num_classes=0, layers=tuple(layers), channels=tuple(channels)
    )
    return network.eval().requires_grad_(False)
