"""The network: an EfficientNet-B4 with four multi-scale, multi-modal layers after its second stage.

Wang et al. 2022, "M2TR: Multi-modal Multi-scale Transformers for Deepfake Detection", section 3.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.detectors.image.m2tr.blocks import Layer
from unmask.detectors.image.sbi.model import BACKBONE
from unmask.nn.efficientnet import efficientnet

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = 320
_EARLY = 2


class M2TR(nn.Module):
    """Face (batch × 3 × side × side, RGB 0…255) → ``logit`` and ``classes``."""

    def __init__(
        self, pretrained: bool = False, backbone: str = BACKBONE, side: int = SIZE, depth: int = 4
    ) -> None:
        super().__init__()
        body: Any = efficientnet(backbone, SIZE, pretrained, num_classes=0, drop_path_rate=0.2)
        self.body = body
        width = int(body.feature_info[1]["num_chs"])
        self.layers = nn.ModuleList(Layer(width, side // 4) for _ in range(depth))
        self.drop = nn.Dropout(0.5)
        self.classify = nn.Linear(int(body.num_features), 2)
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``classes`` are the authors' scores before their sigmoid: real, forged."""
        body = self.body
        map_ = body.bn1(body.conv_stem((face - self.get_buffer("mean")) / self.get_buffer("std")))
        for stage in body.blocks[:_EARLY]:
            map_ = stage(map_)
        for layer in self.layers:
            map_ = layer(map_)
        for stage in body.blocks[_EARLY:]:
            map_ = stage(map_)
        features = body.bn2(body.conv_head(map_)).mean((2, 3))
        classes = self.classify(self.drop(features))
        return {"logit": classes[:, 1] - classes[:, 0], "classes": classes}
