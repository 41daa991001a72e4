"""The network: picture and text encoders, their fusion, and four heads.

Shao, Wu and Liu 2023, "Detecting and Grounding Multi-Modal Media Manipulation", section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from unmask.detectors.imagetext.hammer.text import PADDING, TextEncoder

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. Default: the authors' (ViT-B/16 at 256 pixels, BERT base)."""

    side: int = 256
    tokens: int = 127
    width: int = 768
    heads: int = 12
    layers: int = 12
    alone: int = 6
    picture_layers: int = 12
    vocabulary: int = 30522
    common: int = 256
    queue: int = 65536


def head(inside: int, outside: int) -> nn.Sequential:
    """An MLP of three layers."""
    wide = 2 * inside
    return nn.Sequential(
        *(nn.Linear(inside, wide), nn.LayerNorm(wide), nn.GELU()),
        *(nn.Linear(wide, wide), nn.LayerNorm(wide), nn.GELU()),
        nn.Linear(wide, outside),
    )


class Encoders(nn.Module):
    """What has a momentum twin: both encoders, both projections, the head of tokens."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.see = VisionTransformer(
            img_size=shape.side,
            patch_size=16,
            embed_dim=shape.width,
            depth=shape.picture_layers,
            num_heads=shape.heads,
            num_classes=0,
            global_pool="",
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
        )
        self.read = TextEncoder(
            shape.vocabulary, shape.width, shape.heads, shape.layers, shape.alone, shape.width
        )
        self.see_common = nn.Linear(shape.width, shape.common)
        self.read_common = nn.Linear(shape.width, shape.common)
        self.tokens = head(shape.width, 2)
        self.token_drop = nn.Dropout(0.1)

    def judge_tokens(self, fused: Tensor) -> Tensor:
        """Scores of real and forged for every token but the first, (B, L - 1, 2)."""
        result: Tensor = self.tokens(self.token_drop(fused[:, 1:]))
        return result


class Hammer(nn.Module):
    """Detects forged pairs of picture and text, says how they were forged, and grounds it.

    The momentum twin and the queues serve the contrastive loss alone.
    """

    picture_queue: Tensor
    text_queue: Tensor
    place: Tensor
    steps: Tensor

    def __init__(self, shape: Shape | None = None, temperature: float = 0.07) -> None:
        super().__init__()
        shape = shape or Shape()
        width = shape.width
        self.encoders = Encoders(shape)
        self.momentum = Encoders(shape)
        self.temperature = nn.Parameter(torch.tensor(temperature))
        self.match = head(width, 2)
        self.types = head(width, 4)
        self.box = head(width, 4)
        self.cross_norm = nn.LayerNorm(width)
        self.cross = nn.MultiheadAttention(width, shape.heads, batch_first=True)
        self.gather_norm = nn.LayerNorm(width)
        self.gather = nn.MultiheadAttention(width, shape.heads, batch_first=True)
        self.local = nn.Parameter(torch.empty(1, 1, width))
        nn.init.trunc_normal_(self.local, std=0.02)
        self.apply(_initialise)
        self.momentum.load_state_dict(self.encoders.state_dict())
        self.momentum.requires_grad_(False)
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)
        for name in ("picture_queue", "text_queue"):
            queue = F.normalize(torch.randn(shape.common, shape.queue), dim=0)
            self.register_buffer(name, queue)
        self.register_buffer("place", torch.zeros(1, dtype=torch.long))
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))

    def forward(self, picture: Tensor, text: Tensor) -> dict[str, Tensor]:
        """Pixels (B, 3, S, S), RGB 0…255, and tokens (B, L) to the outputs of the card."""
        seen = self.look(self.encoders, picture)
        read = self.encoders.read.read(text)
        fused = self.encoders.read.fuse(read, text, seen)
        whole = fused.select(1, 0)
        untouched, forged = self.match(whole).unbind(1)
        real, fake = self.encoders.judge_tokens(fused).unbind(2)
        return {
            "logit": forged - untouched,
            "types": self.types(whole),
            "box": self.ground(seen, read, text),
            "tokens": fake - real,
            "seen": seen,
            "read": read,
        }

    def look(self, encoders: Encoders, picture: Tensor) -> Tensor:
        """Features of the picture's patches, the first of the whole, (B, N, C)."""
        pixels = (picture - self.get_buffer("mean")) / self.get_buffer("std")
        result: Tensor = encoders.see(pixels)
        return result

    def ground(self, seen: Tensor, read: Tensor, text: Tensor) -> Tensor:
        """The forged box (B, 4): cx, cy, w, h in shares of the picture.

        Patches look at the text, then one learnt token gathers them (section 4.2).
        """
        there = (text != PADDING)[:, None, None]
        heard = heard_by(self.cross, self.cross_norm(seen), self.cross_norm(read), there)
        patches = self.gather_norm((seen + heard)[:, 1:])
        asked = self.gather_norm(self.local.expand(seen.shape[0], -1, -1))
        gathered = heard_by(self.gather, asked, patches)
        result: Tensor = self.box(gathered.squeeze(1)).sigmoid()
        return result

    def common(self, encoders: Encoders, seen: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of picture and text in their common space, (B, D) each."""
        return (
            F.normalize(encoders.see_common(seen[:, 0]), dim=-1),
            F.normalize(encoders.read_common(read[:, 0]), dim=-1),
        )

    @torch.no_grad()
    def follow(self, share: float) -> None:
        """The twin keeps ``share`` of itself and takes the rest from the encoders."""
        for slow, fast in self._pairs():
            slow.lerp_(fast, 1 - share)

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(self.momentum.parameters(), self.encoders.parameters(), strict=True)

    @torch.no_grad()
    def remember(self, pictures: Tensor, texts: Tensor) -> None:
        """Unit vectors (B, D) take the places of the oldest in the queues."""
        size = self.picture_queue.shape[1]
        places = (self.place + torch.arange(len(pictures), device=pictures.device)) % size
        self.picture_queue[:, places] = pictures.T
        self.text_queue[:, places] = texts.T
        self.place.copy_((self.place + len(pictures)) % size)


def heard_by(
    attention: nn.MultiheadAttention, asking: Tensor, other: Tensor, there: Tensor | None = None
) -> Tensor:
    """What ``attention`` takes from ``other`` (B, M, C), for each of ``asking`` (B, N, C).

    As calling it, which an export would take apart into twice as many steps. ``there``
    (B, 1, 1, M): which of ``other`` is more than padding; None for all.
    """
    weights = zip(attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True)
    query, key, value = (
        torch.unflatten(F.linear(part, *both), 2, (attention.num_heads, -1)).transpose(1, 2)
        for part, both in zip((asking, other, other), weights, strict=True)
    )
    heard = F.scaled_dot_product_attention(query, key, value, there)
    result: Tensor = attention.out_proj(heard.transpose(1, 2).flatten(2))
    return result


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
