"""Pixels as the pre-trained networks of the field want them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Mean and spread of red, green and blue in 0…1; the last brings them to -1…1."""


class Pixels(nn.Module):
    """Pictures (..., 3, H, W), RGB 0…255, less their mean and over their spread; no weights."""

    mean: Tensor
    spread: Tensor

    def __init__(self, of: tuple[Sequence[float], Sequence[float]] = IMAGENET) -> None:
        super().__init__()
        for name, value in zip(("mean", "spread"), of, strict=True):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """The same shape, as floating point numbers."""
        return (picture.to(self.mean.dtype) - self.mean) / self.spread
