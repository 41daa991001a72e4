"""The network: a ResNet-50 that keeps the full size at first, with an exit on the way.

Boychev and Cholakov 2024, "ImagiNet: A Multi-Content Dataset for Generalizable Synthetic Image
Detection via Contrastive Learning", section 4; Bae et al. 2023, "Self-Contrastive Learning".
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.backbones import timm_model

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROJECTED = 128
START = "resnet50.tv2_in1k"


def _projection(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, PROJECTED))


class SelfCon(nn.Module):
    """Picture (batch × 3 × height × width, RGB 0…255) → ``logit`` and ``features``.

    ``hidden``: width of the classifier. ``options`` change timm's ResNet, for small networks.
    """

    def __init__(self, pretrained: bool = False, hidden: int = 1024, **options: Any) -> None:
        super().__init__()
        body: Any = timm_model(
            START, pretrained, num_classes=0, global_pool="", zero_init_last=False, **options
        )
        body.conv1.stride = (1, 1)
        body.maxpool = nn.MaxPool2d(3, stride=1, padding=1)
        self.body = body
        width = int(body.num_features)
        self.exit = nn.Linear(int(body.layer2[-1].bn3.num_features), width)
        self.project = _projection(width)
        self.project_exit = _projection(width)
        self.classify = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(hidden, 1),
        )
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def exits(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Features at the early exit and at the end, both (B, width)."""
        body = self.body
        x = body.act1(body.bn1(body.conv1(self._normal(picture))))
        x = body.layer2(body.layer1(body.maxpool(x)))
        early = self.exit(x.mean((2, 3)))
        return early, body.layer4(body.layer3(x)).mean((2, 3))

    def views(self, early: Tensor, features: Tensor) -> Tensor:
        """What the contrast compares: both exits, projected and of length one, (B, 2, 128)."""
        both = [self.project_exit(early), self.project(features)]
        return F.normalize(torch.stack(both, dim=1), dim=-1)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The outputs of the card."""
        features = self.body(self._normal(picture)).mean((2, 3))
        return {"logit": self.classify(features)[:, 0], "features": features}

    def _normal(self, picture: Tensor) -> Tensor:
        return (picture - self.get_buffer("mean")) / self.get_buffer("std")
