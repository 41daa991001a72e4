"""Pictures drawn again from a codebook (van den Oord, Vinyals and Kavukcuoglu 2017, "VQ-VAE")."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class _Residual(nn.Module):
    """A residual block whose bypass is cut at zero too: the authors' ReLU works in place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.relu()
        given: Tensor = x + self.block(x)
        return given


class Codebook(nn.Module):
    """Pictures (N, 3, H, W), -1…1, to pictures made of ``codes`` words; sides divide by 4.

    ``blocks``: residual blocks on each way. It never learns here: it stays as it is given, whatever
    is trained.
    """

    def __init__(self, width: int = 256, codes: int = 512, blocks: int = 2) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 4, 2, 1),
            *(_Residual(width) for _ in range(blocks)),
        )
        self.words = nn.Embedding(codes, width)
        self.decoder = nn.Sequential(
            *(_Residual(width) for _ in range(blocks)),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, 2, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 3, 4, 2, 1),
            nn.Tanh(),
        )
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> Codebook:
        """Running statistics of its norms never move."""
        return super().train(False)

    def nearest(self, seen: Tensor) -> Tensor:
        """Numbers of the nearest words (N, h, w) of features (N, C, h, w)."""
        flat = seen.permute(0, 2, 3, 1)
        words = self.words.weight
        near = F.linear(flat, words, -0.5 * words.square().sum(1))
        return near.argmax(-1)

    def forward(self, picture: Tensor) -> Tensor:
        """What the words of the picture look like."""
        words = self.words(self.nearest(self.encoder(picture.detach())))
        drawn: Tensor = self.decoder(words.permute(0, 3, 1, 2))
        return drawn
