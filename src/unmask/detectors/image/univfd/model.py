"""A line through CLIP's space, which itself never learns (Ojha et al. 2023, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from unmask.nn.towers import LARGE, ClipTower

_SPREAD = 0.02


class UnivFD(nn.Module):
    """Pictures (B, 3, 224, 224), RGB 0…255, to ``logit`` (B). Arguments as ``ClipTower``.

    The features are those that CLIP compares with text, of 768 numbers and whatever length.
    """

    def __init__(self, pretrained: bool = False, changed: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.tower = ClipTower(LARGE, pretrained, changed, shared=True).requires_grad_(False)
        self.line = nn.Linear(self.tower.shared_width, 1)
        nn.init.normal_(self.line.weight, 0.0, _SPREAD)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the picture was generated."""
        return {"logit": self.line(self.tower.shared(picture))[:, 0]}
