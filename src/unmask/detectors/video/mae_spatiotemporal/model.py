"""A pair of vision transformers, after Das et al. 2023 ("Unmasking Deepfakes").

One sees a face, the other the optical flow to the next frame. Each first learns to draw what is
hidden from it (He et al. 2022), then to judge; the judgements are averaged.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.masked_patches import Decoder, apart, drawn, filled, patches, visible
from unmask.nn.optical_flow import flow, grey
from unmask.nn.pixels import Pixels
from unmask.train.backbones import timm_model

SIDE = 224
BACKBONE = "vit_base_patch16_224"
HIDDEN = 0.75
_FAST = 4.0
"""Pixels a frame over which speeds are told apart less and less."""


def motion(frames: Tensor, levels: int = 3, rounds: int = 3) -> Tensor:
    """Frames (B, 2, 3, H, W), 0…255, as a picture of their flow (B, 3, H, W), -1…1.

    To the right, down, and how fast. ``levels``, ``rounds``: as ``flow`` takes them.
    """
    flat = grey(frames.flatten(0, 1))
    seen = flat.reshape(-1, 2, *flat.shape[1:])
    moved = flow(seen[:, 0], seen[:, 1], levels, rounds)
    speed = (moved.square().sum(1, keepdim=True) + 1e-8).sqrt()
    return torch.cat([moved, speed], 1).div(_FAST).tanh()


class Masked(nn.Module):
    """A ViT that judges a picture (B, 3, S, S), or draws what is hidden of it.

    ``vit`` has timm's names.
    """

    vit: Any

    def __init__(self, side: int, patch: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.vit = timm_model(
            BACKBONE,
            False,
            num_classes=1,
            img_size=side,
            patch_size=patch,
            embed_dim=width,
            depth=depth,
            num_heads=heads,
        )
        self.patch = patch
        small = min(512, width)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.normal_(self.token, std=0.02)
        self.decoder = Decoder(
            width, side // patch, 3 * patch**2, small, min(8, depth), max(1, small // 32)
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Log-odds (B)."""
        said: Tensor = self.vit(picture)
        return said[:, 0]

    def missed(self, picture: Tensor, hidden: Tensor) -> Tensor:
        """How far what is drawn of the hidden patches (B, N) is from them, for each picture."""
        vit = self.vit
        placed = vit.patch_embed(picture) + vit.pos_embed[:, 1:]
        first = (vit.cls_token + vit.pos_embed[:, :1]).expand(len(placed), -1, -1)
        seen = vit.norm(vit.blocks(torch.cat([first, visible(placed, hidden)], 1)))
        given = self.decoder(filled(seen[:, 1:], hidden, self.token))
        return apart(patches(picture, self.patch), given, hidden)


class MaeSpatiotemporal(nn.Module):
    """Two frames of a face (B, 2, 3, 224, 224), RGB 0…255, to ``logit`` (B) and ``each`` (B, 2).

    ``pretraining``: it draws and does not judge; without it there are no decoders.
    ``levels``, ``rounds``: of the flow.
    """

    def __init__(
        self,
        pretraining: bool = False,
        side: int = SIDE,
        patch: int = 16,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        levels: int = 3,
        rounds: int = 3,
    ) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.shown = Masked(side, patch, width, depth, heads)
        self.moved = Masked(side, patch, width, depth, heads)
        self.pretraining = pretraining
        self.levels, self.rounds = levels, rounds
        self.places = (side // patch) ** 2
        for part in (self.shown, self.moved):
            if pretraining:
                part.vit.head.requires_grad_(False)
            else:
                del part.decoder, part.token

    def pictures(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """What the two see: the first frame, and the motion to the second."""
        return self.pixels(frames[:, 0]), motion(frames.float(), self.levels, self.rounds)

    def missed(self, frames: Tensor, hidden: Tensor) -> Tensor:
        """How far both are off in what they draw (B, 2), of the patches ``hidden`` (B, N)."""
        shown, moved = self.pictures(frames)
        return torch.stack([self.shown.missed(shown, hidden), self.moved.missed(moved, hidden)], 1)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: the mean of ``each``, log-odds of forgery by the face and by its motion."""
        shown, moved = self.pictures(frames)
        each = torch.stack([self.shown(shown), self.moved(moved)], 1)
        return {"logit": each.mean(1), "each": each}


def always_hidden(count: int, places: int) -> Tensor:
    """The patches that are hidden in validation: the same for every picture."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return drawn(1, places, HIDDEN).expand(count, -1)
