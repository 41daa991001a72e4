"""TALL-Swin (Xu, Liang, Jia, Yang, Zhang and He 2023, sections 3.1 and 3.2).

Four frames of a face become one picture of 2 × 2, so that a network of pictures sees space and time
at once: a Swin transformer (Liu et al. 2021) whose windows reach from frame to frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.backbones import timm_model

FRAMES = 4
SIDE = 112
"""Side of each frame in pixels."""
_ROWS = 2
_CANVAS = 224
_PATCH = 4
_WINDOW = 14
BACKBONE = "swin_base_patch4_window7_224.ms_in22k"


def thumbnail(frames: Tensor) -> Tensor:
    """Frames (batch × 4 × 3 × height × width) as one picture (batch × 3 × 224 × 224), row by row.

    As in the authors' code each frame is first brought to the size of the whole picture, and the
    layout of four such is halved.
    """
    batch = frames.shape[0]
    each = F.interpolate(frames.flatten(0, 1), size=(_CANVAS, _CANVAS), mode="bilinear")
    grid = each.reshape(batch, _ROWS, FRAMES // _ROWS, 3, _CANVAS, _CANVAS)
    laid = grid.permute(0, 3, 1, 4, 2, 5).reshape(batch, 3, 2 * _CANVAS, 2 * _CANVAS)
    return F.interpolate(laid, size=(_CANVAS, _CANVAS), mode="bilinear")


class TALL(nn.Module):
    """Frames (batch × 4 × 3 × 112 × 112, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: from ImageNet-22k, the tables of relative places stretched to windows of 14.
    ``width``, ``depths`` and ``heads`` are those of Swin-B.
    """

    mean: Tensor
    spread: Tensor
    swin: Any

    def __init__(
        self,
        pretrained: bool = False,
        width: int = 128,
        depths: Sequence[int] = (2, 2, 18, 2),
        heads: Sequence[int] = (4, 8, 16, 32),
    ) -> None:
        super().__init__()
        self.swin = timm_model(
            BACKBONE,
            pretrained,
            num_classes=2,
            window_size=_WINDOW,
            drop_path_rate=0.1,
            embed_dim=width,
            depths=tuple(depths),
            num_heads=tuple(heads),
        )
        self.places = nn.Parameter(torch.zeros(1, FRAMES, width))
        nn.init.trunc_normal_(self.places, std=0.02)
        mean, spread = torch.tensor([[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]])
        self.register_buffer("mean", mean.view(3, 1, 1), persistent=False)
        self.register_buffer("spread", spread.view(3, 1, 1), persistent=False)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the authors' two outputs."""
        x = self.swin.patch_embed(thumbnail((frames.float() - self.mean) / self.spread))
        x = self.swin.norm(self.swin.layers(x + self._placed()))
        real, forged = self.swin.head(x).unbind(1)
        return {"logit": forged - real}

    def _placed(self) -> Tensor:
        """What tells the patches of one frame from those of another, rows × columns × width."""
        side = _CANVAS // _PATCH // _ROWS
        grid = self.places.view(_ROWS, FRAMES // _ROWS, -1)
        return grid.repeat_interleave(side, 0).repeat_interleave(side, 1)
