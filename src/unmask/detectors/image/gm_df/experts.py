"""What each block of CLIP gets beside its MLP: experts, mixed by attention, normed by the dataset.

After Lai et al. 2024, "GM-DF: Generalized Multi-Scenario Deepfake Detection", section 3.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DatasetNorm(nn.Module):
    """Tokens (B, N, C) at mean 0 and spread 1, then scaled and shifted as their dataset asks.

    ``numbers``: of the vector that stands for a dataset.
    """

    def __init__(self, width: int, numbers: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.scale = nn.Linear(numbers, width, bias=False)
        self.shift = nn.Linear(numbers, width, bias=False)
        for part in (self.scale, self.shift):
            nn.init.normal_(part.weight, std=0.02)

    def forward(self, tokens: Tensor, dataset: Tensor) -> Tensor:
        """``dataset``: (B, ``numbers``)."""
        normed = F.layer_norm(tokens, tokens.shape[-1:])
        scale = self.weight + self.scale(dataset)
        result: Tensor = normed * scale[:, None] + (self.bias + self.shift(dataset))[:, None]
        return result


class Experts(nn.Module):
    """What a block's MLP gets added, (B, N, C): bottlenecks that attend to each other.

    At each token every expert asks all of them, with what they say as query, key and value; the
    mean of the answers is normed. ``share``: how much of it is added at the start.
    """

    def __init__(
        self, width: int, number: int, bottleneck: int, numbers: int, share: float = 0.1
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Linear(width, bottleneck) for _ in range(number))
        self.up = nn.ModuleList(nn.Linear(bottleneck, width) for _ in range(number))
        self.norm = DatasetNorm(width, numbers)
        self.share = nn.Parameter(torch.tensor(share))

    def mixed(self, tokens: Tensor) -> Tensor:
        """What the experts say together, before the norm."""
        pairs = zip(self.down, self.up, strict=True)
        said = torch.stack([up(F.gelu(down(tokens))) for down, up in pairs], dim=2)
        near = (said @ said.transpose(-1, -2) / said.shape[-1] ** 0.5).softmax(-1)
        result: Tensor = (near @ said).mean(2)
        return result

    def forward(self, tokens: Tensor, dataset: Tensor) -> Tensor:
        """``dataset``: (B, numbers) of the norm."""
        result: Tensor = self.share * self.norm(self.mixed(tokens), dataset)
        return result
