"""A code whose halves are classes, and from it a mask and the face (Nguyen et al. 2019)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from unmask.nn.pixels import IMAGENET, Pixels

SIDE = 256
_CODE = 128


def _known(layer: nn.Module, width: int) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(width), nn.ReLU()]


def _encoder() -> nn.Sequential:
    """A face to a code of 128 channels at 1/16 of the side."""
    parts = _known(nn.Conv2d(3, 8, 3, padding=1), 8)
    for taken, given in pairwise((8, 16, 32, 64, _CODE)):
        parts += _known(nn.Conv2d(taken, taken, 3, 2, padding=1), taken)
        parts += _known(nn.Conv2d(taken, given, 3, padding=1), given)
    return nn.Sequential(*parts)


def _larger(widths: tuple[int, ...]) -> list[nn.Module]:
    """Pairs of transposed convolutions: one narrows, one doubles the side."""
    parts: list[nn.Module] = []
    for taken, given in pairwise(widths):
        parts += _known(nn.ConvTranspose2d(taken, given, 3, padding=1), given)
        double = nn.ConvTranspose2d(given, given, 3, 2, padding=1, output_padding=1)
        parts += _known(double, given)
    return parts


def _branch(outputs: int) -> nn.Sequential:
    last = nn.ConvTranspose2d(8, outputs, 3, padding=1)
    return nn.Sequential(*_larger((32, 16, 8)), last)


class ClassNSeg(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch), ``mask`` (batch × 256 × 256).

    Sides are multiples of 16.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pixels = Pixels(IMAGENET)
        self.encoder = _encoder()
        self.shared = nn.Sequential(*_larger((_CODE, 64, 32)))
        self.segmenter = _branch(2)
        self.painter = nn.Sequential(*_branch(3), nn.Tanh())
        for part in (self.encoder, self.segmenter, self.painter):
            part.apply(_begun)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery; ``mask``: of each pixel."""
        halves = self.coded(face)
        activity = self.activity(halves)
        drawn = self.segmented(halves, activity[:, 0] > activity[:, 1])
        return {"logit": activity[:, 0] - activity[:, 1], "mask": drawn["mask"]}

    def coded(self, face: Tensor) -> Tensor:
        """The code as its halves, for altered and for real: B × 2 × 64 × h × w."""
        code: Tensor = self.encoder(self.pixels(face))
        return code.reshape(code.shape[0], 2, _CODE // 2, *code.shape[2:])

    def activity(self, halves: Tensor) -> Tensor:
        """Mean of each half's absolute values, B × 2."""
        return halves.abs().mean((2, 3, 4))

    def segmented(self, halves: Tensor, altered: Tensor) -> dict[str, Tensor]:
        """``mask`` (B × H × W, log-odds) and ``drawn`` (B × 3 × H × W, -1…1) from one half of the
        code: the first where ``altered`` (B) is true.
        """
        chosen = torch.stack([altered, ~altered], 1).to(halves)
        seen = self.shared((halves * chosen[..., None, None, None]).flatten(1, 2))
        left, changed = self.segmenter(seen).unbind(1)
        return {"mask": changed - left, "drawn": self.painter(seen)}


def _begun(part: nn.Module) -> None:
    """The authors' start values; what both branches share starts as torch has it."""
    if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(part.weight, 0.0, 0.02)
    elif isinstance(part, nn.BatchNorm2d):
        nn.init.normal_(part.weight, 0.5, 0.02)
