"""The network: a ViT-Tiny whose CLS token is ordered by contrast, and a linear layer on it.

Baraldi, Cocchi, Cornia, Baraldi, Nicolosi and Cucchiara 2024, "Contrasting Deepfakes Diffusion via
Contrastive Learning and Global-Local Similarities", section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from unmask.train.backbones import timm_model

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Code(nn.Module):
    """Picture (batch × 3 × side × side, RGB 0…255) → ``logit`` and ``features``.

    ``changed``: options of timm's vision transformer, for small networks.
    """

    def __init__(self, changed: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.vit = timm_model("vit_tiny_patch16_224", False, num_classes=0, **(changed or {}))
        self.head = nn.Linear(int(self.vit.num_features), 1)  # type: ignore[arg-type]
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The outputs of the card."""
        features = self.vit((picture - self.get_buffer("mean")) / self.get_buffer("std"))
        return {"logit": self.head(features)[:, 0], "features": features}
