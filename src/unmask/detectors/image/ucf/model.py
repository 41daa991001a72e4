"""The disentangling network of UCF (Yan, Zhang, Fan and Wu 2023, section 3.2).

Two Xceptions (Chollet 2017) read a face: one its forgery, one its content. What the first sees is
split in two, *specific* to a method of forging and *common* to all. A decoder draws faces again
from the content of one and the forgery features of another, by adaptive instance normalisation
(Huang and Belongie 2017), so that the split parts must hold what they should.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.xception import xception

SIZE = 256
"""Side of the face in pixels."""
_WIDTH = 512


def normalised(face: Tensor) -> Tensor:
    """0…255 to -1…1: what the encoders take and the decoder draws."""
    return face.float() / 127.5 - 1


class Encoder(nn.Module):
    """An Xception without its last activation, brought to 512 channels at 1/32 of the side."""

    net: Any

    def __init__(self, pretrained: bool = False, **sizes: Any) -> None:
        super().__init__()
        self.net = xception(pretrained, **sizes)
        self.adjust = nn.Sequential(
            nn.Conv2d(self.net.num_features, _WIDTH, 1),
            nn.BatchNorm2d(_WIDTH),
            nn.ReLU(inplace=False),
        )

    def forward(self, face: Tensor) -> Tensor:
        """Features, batch × 512 × height × width."""
        features: Tensor = self.adjust(self.net.forward_features(face))
        return features


def _split(width: int) -> nn.Sequential:
    """Half of the features: three convolutions of 1 × 1."""
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(width, half, 1),
        nn.LeakyReLU(inplace=True),
        nn.Conv2d(half, half, 1),
        nn.LeakyReLU(inplace=True),
        nn.Conv2d(half, half, 1),
    )


def _head(width: int, classes: int) -> nn.Sequential:
    """Classes from pooled features. The authors drop logits, not features."""
    return nn.Sequential(
        nn.Linear(width // 2, width), nn.LeakyReLU(inplace=True), nn.Linear(width, classes),
        nn.Dropout(0.2),
    )  # fmt: skip


class Decoder(nn.Module):
    """Content and style (both batch × 512 × h × w) → a face (batch × 3 × 32h × 32w, -1…1)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (_WIDTH, 256, 128, 64)
        self.steps = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(taken, given, 3, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(given, given, 3, padding=1),
                nn.ReLU(inplace=True),
            )
            for taken, given in pairwise(widths)
        )
        self.last = nn.Conv2d(widths[-1], 3, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """The same steps take both; before each the content gets the style's statistics."""
        for number, step in enumerate(self.steps, 1):
            content = step(self.drop(_doubled(restyled(content, style))))
            if number < len(self.steps):
                style = step(self.drop(_doubled(style)))
        drawn = F.interpolate(
            self.last(content), scale_factor=4, mode="bilinear", align_corners=True
        )
        return drawn.tanh()


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def restyled(content: Tensor, style: Tensor) -> Tensor:
    """Content with each channel's mean and spread taken from the style (AdaIN)."""
    own, given = content.flatten(2), style.flatten(2)
    spreads = [(x.var(-1) + 1e-5).sqrt()[..., None, None] for x in (own, given)]
    means = [x.mean(-1)[..., None, None] for x in (own, given)]
    return (content - means[0]) / spreads[0] * spreads[1] + means[1]


class UCF(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` and ``specific``.

    ``methods``: how many ways of forging training knows. ``pretrained``: both encoders from
    ImageNet weights. ``sizes``: of both, as ``xception`` takes them.
    """

    def __init__(self, methods: int = 4, pretrained: bool = False, **sizes: Any) -> None:
        super().__init__()
        self.forgery = Encoder(pretrained, **sizes)
        self.content = Encoder(pretrained, **sizes)
        self.specific = _split(_WIDTH)
        self.common = _split(_WIDTH)
        self.specific_head = _head(_WIDTH, methods + 1)
        self.common_head = _head(_WIDTH, 2)
        self.decoder = Decoder()

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery from the common features. ``specific``: logits of real and
        of each method. In training also what the loss looks at: both parts of the forgery features
        (batch × 256 × h × w) and the content (batch × 512 × h × w).
        """
        x = normalised(face)
        seen = self.forgery(x)
        specific, common = self.specific(seen), self.common(seen)
        real, forged = self.common_head(common.mean((2, 3))).unbind(1)
        outputs = {"logit": forged - real, "specific": self.specific_head(specific.mean((2, 3)))}
        if self.training:
            parts = {"specific_features": specific, "common_features": common}
            outputs |= parts | {"content_features": self.content(x)}
        return outputs

    def redrawn(self, content: Tensor, specific: Tensor, common: Tensor) -> Tensor:
        """A face (-1…1) from the content of one and the forgery features of another."""
        drawn: Tensor = self.decoder(content, torch.cat([specific, common], 1))
        return drawn
