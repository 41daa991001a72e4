"""CLIP whose norms alone train, its features brought to length one, and a linear head.

Yermakov, Cech and Matas 2025, "Unlocking the Hidden Potential of CLIP in Generalizable Deepfake
Detection", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.towers import LARGE, ClipTower
from unmask.nn.trainable import train_only


class ClipLN(nn.Module):
    """Faces (B, 3, 224, 224), RGB 0…255, to the outputs of the card. Arguments as ``ClipTower``."""

    def __init__(self, pretrained: bool = False, changed: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.tower = ClipTower(LARGE, pretrained, changed)
        train_only(self.tower, "norms")
        self.head = nn.Linear(self.tower.width, 2)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery; ``features``: where the face lies on the sphere."""
        features = F.normalize(self.tower.pooled(face))
        return {"logit": self.judged(features), "features": features}

    def judged(self, features: Tensor) -> Tensor:
        """Log-odds (B) of features of length one: the difference of the authors' two outputs."""
        real, forged = self.head(features).unbind(1)
        result: Tensor = forged - real
        return result
