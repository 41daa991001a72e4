"""Attention among moments that lie near each other (Beltagy, Peters and Cohan 2020, "Longformer",
section 3.1), in layers with a norm before each part (Xiong et al. 2020).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Reaching(nn.Module):
    """What moments (B, T, C) take from those of another within ``reach`` to each side."""

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.ask, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.join = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Both of one length; gives as many moments."""

        def heads(x: Tensor) -> Tensor:
            return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

        query, key = heads(self.ask(asking)), heads(self.key(asked))
        place = torch.arange(asking.shape[1], device=asking.device)
        far = (place[:, None] - place).abs() > self.reach
        likeness = (query @ key.transpose(-1, -2)) / query.shape[-1] ** 0.5
        shares = likeness.masked_fill(far, float("-inf")).softmax(-1)
        found = shares @ heads(self.value(asked))
        result: Tensor = self.join(found.transpose(1, 2).flatten(2))
        return result


class Near(nn.Module):
    """Attention of moments to those near by, with a hidden layer; a norm before each."""

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Reaching(width, heads, reach)
        self.hidden = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to the same."""
        level = self.norm1(x)
        x = x + self.attention(level, level)
        result: Tensor = x + self.hidden(self.norm2(x))
        return result
