"""CLIP whose attention learns along its least singular directions only, and a linear head.

Yan et al. 2025, "Orthogonal Subspace Decomposition for Generalizable AI-Generated Image Detection",
section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.svd_residual import SVDResidualLinear, add_svd_residuals
from unmask.nn.towers import LARGE, ClipTower

LAYERS = tuple(f"self_attn.{name}_proj" for name in ("q", "k", "v", "out"))


class Effort(nn.Module):
    """Pictures (B, 3, 224, 224), RGB 0…255, to ``logit`` (B).

    ``rank``: singular triples of each of the four matrices of every block that train; all else of
    CLIP is frozen. Other arguments as ``ClipTower``.
    """

    def __init__(
        self,
        rank: int = 1,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.tower = ClipTower(LARGE, pretrained, changed)
        add_svd_residuals(self.tower.clip, LAYERS, rank)
        self.head = nn.Linear(self.tower.width, 2)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the authors' two outputs."""
        real, forged = self.head(self.tower.pooled(picture)).unbind(1)
        return {"logit": forged - real}

    def penalty(self) -> Tensor:
        """How far the trained directions have left orthogonality and the norms their start: the sum
        of both constraints (section 3.2), averaged over the matrices.
        """
        parts = [part for part in self.modules() if isinstance(part, SVDResidualLinear)]
        return torch.stack([part.orthogonality() + part.drift() for part in parts]).mean()
