"""The network: a transformer over whole frames, one over sound, and weights that both decide.

Wang, Ye, Tang, Zhang and Deng 2024, "AVT2-DWF: Improving Deepfake Detection with
Audio-Visual Fusion and Dynamic Weighting Strategies", section 3. The authors' program lacks the
fusion; its layout is that of Chen et al. 2023, "MEAformer: Multi-modal Entity Alignment Transformer
for Meta Modality Hybrid", section 3.2, whose sizes the program hands over.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.mel_cepstra import MelCepstra
from unmask.nn.mel_cepstra import Shape as Cepstra

CEPSTRA = Cepstra(window=480, step=533, fft=2048, filters=30, coefficients=30, energy=False)
_DROP = 0.1


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; default: the authors'."""

    frames: int = 30
    side: int = 224
    width: int = 1024
    depth: int = 6
    heads: int = 16
    head: int = 64
    hidden: int = 2048
    fusion_hidden: int = 400


class Attention(nn.Module):
    """Attention of tokens, after a norm."""

    def __init__(self, width: int, heads: int, head: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * heads * head, bias=False)
        self.join = nn.Linear(heads * head, width)
        self.drop = nn.Dropout(_DROP)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) to the same."""
        parts = self.project(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        shares = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
        found = (self.drop(shares) @ value).transpose(1, 2).flatten(2)
        result: Tensor = self.drop(self.join(found))
        return result


class Tokens(nn.Module):
    """Tokens (B, N, ``inside``) to what a class token makes of them, (B, width)."""

    def __init__(self, inside: int, count: int, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.embed = nn.Sequential(
            nn.LayerNorm(inside), nn.Linear(inside, width), nn.LayerNorm(width)
        )
        self.place = nn.Parameter(torch.randn(1, count + 1, width))
        self.own = nn.Parameter(torch.randn(1, 1, width))
        self.attend = nn.ModuleList(
            Attention(width, shape.heads, shape.head) for _ in range(shape.depth)
        )
        self.hidden = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, shape.hidden),
                nn.GELU(),
                nn.Dropout(_DROP),
                nn.Linear(shape.hidden, width),
                nn.Dropout(_DROP),
            )
            for _ in range(shape.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(_DROP)

    def forward(self, tokens: Tensor) -> Tensor:
        """The class token after the last norm."""
        x = self.embed(tokens)
        x = self.drop(torch.cat([self.own.expand(x.shape[0], -1, -1), x], dim=1) + self.place)
        for attend, hidden in zip(self.attend, self.hidden, strict=True):
            x = x + attend(x)
            x = self.drop(x + hidden(x))
        result: Tensor = self.norm(x)[:, 0]
        return result


class Weights(nn.Module):
    """How much each sense counts: (B, 2, C) to shares that sum to 1, (B, 2).

    Two layers in which the senses attend to each other; what each receives of the attention in the
    last one, over all heads and senses, is brought to shares.
    """

    def __init__(self, width: int, heads: int, hidden: int, layers: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(layers))
        self.join = nn.ModuleList(nn.Linear(width, width) for _ in range(layers - 1))
        self.norm1 = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers - 1))
        self.hidden = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
            for _ in range(layers - 1)
        )
        self.norm2 = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers - 1))

    def forward(self, senses: Tensor) -> Tensor:
        """The shares."""
        x, last = senses, len(self.project) - 1
        for number, project in enumerate(self.project):
            parts = project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            query, key, value = parts.unbind(0)
            shares = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
            if number == last:
                break
            found = self.join[number]((shares @ value).transpose(1, 2).flatten(2))
            x = self.norm1[number](x + found)
            x = self.norm2[number](x + self.hidden[number](x))
        received = shares.sum((1, 2)) / (senses.shape[1] * self.heads) ** 0.5
        result: Tensor = received.softmax(-1)
        return result


class Avt2Dwf(nn.Module):
    """Frames (B, T, 3, H, W), 0…255, and samples (B, N) of the same time, to the card's outputs."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        self.cepstra = MelCepstra(CEPSTRA)
        self.see = Tokens(3 * shape.side**2, shape.frames, shape)
        self.hear = Tokens(shape.frames * CEPSTRA.coefficients, 1, shape)
        self.weigh = Weights(shape.width, shape.heads, shape.fusion_hidden)
        self.classify = nn.Linear(2 * shape.width, 2)

    def forward(self, video: Tensor, sound: Tensor) -> dict[str, Tensor]:
        """``classes`` are scores: real, forged. ``weights``: of picture and sound."""
        frames = (video / 127.5 - 1).permute(0, 1, 3, 4, 2).flatten(2)
        heard = self.cepstra(sound)[:, : self.shape.frames]
        senses = torch.stack([self.see(frames), self.hear(heard.flatten(1)[:, None])], dim=1)
        weights = self.weigh(senses)
        features = (weights[..., None] * F.normalize(senses, dim=-1)).flatten(1)
        classes = self.classify(features)
        return {
            "logit": classes[:, 1] - classes[:, 0],
            "classes": classes,
            "weights": weights,
            "features": features,
        }
