"""The network: CLIP's class token after one of its middle blocks, and a linear layer.

Cioni, Tzelepis, Seidenari and Patras 2024, "Are CLIP features all you need for Universal Synthetic
Image Origin Attribution?", section 3.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.backbones import timm_model

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
BACKBONE = "vit_base_patch16_clip_224.openai"
"""timm's CLIP with an exact GELU, as the authors take it; OpenAI's own has a quicker one."""


class ClipOrigin(nn.Module):
    """Picture (batch × 3 × side × side, RGB 0…255) → ``logit``, ``sources`` and ``features``.

    ``block``: the last of CLIP's blocks that is run, counted from 0; those after it are left out.
    ``classes``: real, and the generators. ``options`` change timm's transformer.
    """

    def __init__(self, block: int, classes: int, pretrained: bool = False, **options: Any) -> None:
        super().__init__()
        vit: Any = timm_model(BACKBONE, pretrained, num_classes=0, **options)
        vit.blocks = vit.blocks[: block + 1]
        vit.norm = nn.Identity()
        self.vit = vit.requires_grad_(False)
        self.head = nn.Linear(int(vit.num_features), classes)
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.vit.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The outputs of the card."""
        with torch.no_grad():
            pixels = (picture - self.get_buffer("mean")) / self.get_buffer("std")
            features = F.normalize(self.vit.forward_features(pixels)[:, 0], dim=-1)
        scores = self.head(features)
        made = torch.logsumexp(scores[:, 1:], dim=1)
        return {"logit": made - scores[:, 0], "sources": scores.softmax(1), "features": features}
