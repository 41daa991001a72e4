"""The first network of GenConViT (Deressa et al. 2023, section 3): autoencoder and ConvNeXt.

An autoencoder draws the face again. A ConvNeXt (Liu et al. 2022) looks at both, and two linear
layers judge what it says of them. The autoencoder learns from that judgement alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import Pixels
from unmask.train.backbones import timm_model

SIZE = 224
"""Side of the face in pixels."""
BACKBONE = "convnext_tiny.fb_in1k"
_WIDTHS = (3, 16, 32, 64, 128, 256)
_SAID = 1000


def _encoder() -> nn.Sequential:
    """Five times: a convolution, and half the side."""
    layers: list[nn.Module] = []
    for came, goes in pairwise(_WIDTHS):
        layers += [nn.Conv2d(came, goes, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers)


def _decoder() -> nn.Sequential:
    """Five times twice the side. The last layer gives nothing below zero either."""
    layers: list[nn.Module] = []
    for came, goes in pairwise(_WIDTHS[::-1]):
        layers += [nn.ConvTranspose2d(came, goes, 2, stride=2), nn.ReLU()]
    return nn.Sequential(*layers)


class GenConViT(nn.Module):
    """Face (B, 3, 224, 224), RGB 0…255, to ``logit`` (B); sides divide by 32.

    ``pretrained``: ConvNeXt from ImageNet weights. ``depths`` and ``widths`` are those of the tiny
    ConvNeXt, whose thousand classes of ImageNet are what is judged.
    """

    backbone: Any

    def __init__(
        self,
        pretrained: bool = False,
        depths: Sequence[int] = (3, 3, 9, 3),
        widths: Sequence[int] = (96, 192, 384, 768),
    ) -> None:
        super().__init__()
        self.encoder = _encoder()
        self.decoder = _decoder()
        self.backbone = timm_model(BACKBONE, pretrained, depths=tuple(depths), dims=tuple(widths))
        self.hidden = nn.Linear(2 * _SAID, _SAID // 2)
        self.last = nn.Linear(_SAID // 2, 2)
        self.act = nn.GELU()
        self.pixels = Pixels()

    def drawn(self, face: Tensor) -> Tensor:
        """What the autoencoder makes of a normalised face, of its shape."""
        again: Tensor = self.decoder(self.encoder(face))
        return again

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the authors' first output less the second."""
        x = self.pixels(face)
        said = torch.cat([self.backbone(self.drawn(x)), self.backbone(x)], 1)
        forged, real = self.last(self.act(self.hidden(self.act(said)))).unbind(1)
        return {"logit": forged - real}
