"""Text: a BERT whose later layers also look at the picture (Devlin et al. 2019; Li et al. 2021)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DROP = 0.1
_EPS = 1e-12
PADDING = 0


class Attention(nn.Module):
    """Attention to ``other``, a bypass and a norm after it."""

    def __init__(self, width: int, heads: int, other: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(other, width)
        self.value = nn.Linear(other, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=_EPS)
        self.drop = nn.Dropout(_DROP)

    def forward(self, tokens: Tensor, other: Tensor, there: Tensor | None = None) -> Tensor:
        """``there`` (B, M): which of ``other`` (B, M, C) is more than padding; None for all."""
        query, key, value = (
            part.reshape(part.shape[0], -1, self.heads, part.shape[2] // self.heads).transpose(1, 2)
            for part in (self.query(tokens), self.key(other), self.value(other))
        )
        mask = None if there is None else there[:, None, None, :]
        dropped = _DROP if self.training else 0.0
        heard = F.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropped)
        heard = self.drop(self.out(heard.transpose(1, 2).flatten(2)))
        result: Tensor = self.norm(tokens + heard)
        return result


class Layer(nn.Module):
    """Attention to the text itself, in a fusing layer to the picture too, and an MLP."""

    def __init__(self, width: int, heads: int, inner: int, picture: int | None) -> None:
        super().__init__()
        self.attention = Attention(width, heads, width)
        self.cross = None if picture is None else Attention(width, heads, picture)
        self.wide = nn.Linear(width, inner)
        self.narrow = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=_EPS)
        self.drop = nn.Dropout(_DROP)

    def forward(self, tokens: Tensor, there: Tensor, picture: Tensor | None = None) -> Tensor:
        """Text (B, L, C); ``picture`` (B, N, C) for a fusing layer."""
        tokens = self.attention(tokens, tokens, there)
        if self.cross is not None and picture is not None:
            tokens = self.cross(tokens, picture)
        inner = self.drop(self.narrow(F.gelu(self.wide(tokens))))
        result: Tensor = self.norm(tokens + inner)
        return result


class TextEncoder(nn.Module):
    """The first ``alone`` of ``layers`` read the text by itself, the others with the picture."""

    def __init__(
        self,
        vocabulary: int,
        width: int,
        heads: int,
        layers: int,
        alone: int,
        picture: int,
        positions: int = 512,
    ) -> None:
        super().__init__()
        self.alone = alone
        self.words = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.places = nn.Embedding(positions, width)
        self.kinds = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=_EPS)
        self.drop = nn.Dropout(_DROP)
        self.layers = nn.ModuleList(
            Layer(width, heads, 4 * width, picture if i >= alone else None) for i in range(layers)
        )

    def read(self, text: Tensor) -> Tensor:
        """Numbers of tokens (B, L), padding 0, to features of the text alone."""
        place = torch.arange(text.shape[1], device=text.device)
        kind = torch.zeros_like(text)
        words = self.words(text) + self.kinds(kind) + self.places(place)
        tokens: Tensor = self.drop(self.norm(words))
        there = text != PADDING
        for layer in self.layers[: self.alone]:
            tokens = layer(tokens, there)
        return tokens

    def fuse(self, tokens: Tensor, text: Tensor, picture: Tensor) -> Tensor:
        """Features of the text that has seen the picture (B, N, C)."""
        there = text != PADDING
        for layer in self.layers[self.alone :]:
            tokens = layer(tokens, there, picture)
        return tokens
