"""The spatiotemporal branch of MM-Det (Song et al. 2024, section 3), and what judges it.

A codebook draws each frame again; a ResNet reads the frame, another the drawing. A transformer
reads the patches of all frames, within and across frames by turns, and leaves one token a frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.mm_det.codebook import Codebook
from unmask.detectors.video.mm_det.residual import KERNELS, Residual
from unmask.nn.masked_patches import block
from unmask.nn.pixels import HALF, IMAGENET, Pixels

FRAMES = 10
SIDE = 224
_HEADS = 8


class Alternating(nn.Module):
    """Tokens of ``frames`` frames and of their patches (B, frames + frames · S, C) to the same.

    A block over the patches of all frames, then one over each frame's token and a share of the
    patches. The share is every tenth patch, as the authors deal them out, and not those of its
    frame.
    """

    def __init__(self, width: int, heads: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.all_patches, self.each = block(width, heads), block(width, heads)

    def forward(self, x: Tensor) -> Tensor:
        """The tokens, frames first."""
        first, patches = torch.split(x, [self.frames, x.shape[1] - self.frames], 1)
        patches = self.all_patches(patches)
        dealt = patches.unflatten(1, (-1, self.frames)).transpose(1, 2)
        beside = torch.cat([first[:, :, None], dealt], 2)
        read = self.each(beside.flatten(0, 1)).reshape(beside.shape)
        first, dealt = torch.split(read, [1, beside.shape[2] - 1], 2)
        return torch.cat([first.squeeze(2), dealt.transpose(1, 2).flatten(1, 2)], 1)


class Weighed(nn.Module):
    """Tokens (B, N, C) × a number that each gets from how it fits the others (B, N, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The tokens, weighed."""
        count, tokens, width = x.shape
        parts = self.qkv(x).reshape(count, tokens, 3, _HEADS, width // _HEADS)
        asked, keys, values = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(asked, keys, values).transpose(1, 2).reshape(x.shape)
        weighed: Tensor = x * self.proj(seen)
        return weighed


class MMDet(nn.Module):
    """Frames (B, 10, 3, 224, 224), RGB 0…255, to ``logit`` (B).

    ``layers`` and ``kernels`` are the ResNets', ``width``, ``depth`` and ``heads`` the
    transformer's; ``codes`` and ``words`` the width and number of the codebook, ``blocks`` its
    residual blocks on each way.
    """

    def __init__(
        self,
        frames: int = FRAMES,
        side: int = SIDE,
        layers: Sequence[int] = (3, 4, 9),
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        codes: int = 256,
        words: int = 512,
        kernels: Sequence[int] = KERNELS,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        self.codebook = Codebook(codes, words, blocks)
        self.shown, self.drawn = Residual(layers, kernels), Residual(layers, kernels)
        self.frames, self.patches = frames, (side // self.shown.stride) ** 2
        wide = self.shown.width
        self.fused = nn.Sequential(nn.Conv2d(2 * wide, wide, 1), nn.BatchNorm2d(wide), nn.ReLU())
        self.embed = nn.Conv2d(wide, width, 1)
        self.frame_tokens = nn.Parameter(torch.zeros(1, frames, width))
        self.frame_places = nn.Parameter(torch.randn(1, frames, width) * 0.02)
        self.patch_places = nn.Parameter(torch.randn(1, self.patches, width) * 0.02)
        self.times = nn.Parameter(torch.randn(1, frames, width) * 0.02)
        self.blocks = nn.Sequential(*[Alternating(width, heads, frames) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.weighed = Weighed(width)
        self.head = nn.Linear(width, 2)
        self.around_zero, self.pixels = Pixels(HALF), Pixels(IMAGENET)

    def tokens(self, shown: Tensor, drawn: Tensor) -> Tensor:
        """A token for each frame (B, frames, C) of frames and drawings (B · frames, 3, H, W)."""
        seen = self.fused(torch.cat([self.shown(shown), self.drawn(drawn)], 1))
        patches = self.embed(seen).flatten(2).transpose(1, 2)
        places = (self.patch_places[:, None] + self.times[:, :, None]).flatten(1, 2)
        patches = patches.reshape(-1, *places.shape[1:]) + places
        first = self.frame_tokens + self.frame_places + self.times
        first = first.expand(patches.shape[0], -1, -1)
        read: Tensor = self.blocks(torch.cat([first, patches], 1))
        tokens: Tensor = self.norm(read.narrow(1, 0, self.frames))
        return tokens

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the frames were generated, the second output less the first."""
        flat = frames.flatten(0, 1)
        drawn = (self.codebook(self.around_zero(flat)) + 1) * 127.5
        tokens = self.tokens(self.pixels(flat), self.pixels(drawn))
        real, made = self.head(self.weighed(tokens).mean(1)).unbind(1)
        return {"logit": made - real}
