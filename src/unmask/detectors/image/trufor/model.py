"""The network: a learnt fingerprint, two fused streams, and three heads.

Guillaro, Cozzolino, Sud, Dufour and Verdoliva 2023, "TruFor: Leveraging All-Round Clues for
Trustworthy Image Forgery Detection and Localization", section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.mix_transformer import Head, Shape, initialise, stream
from unmask.nn.noiseprint import LAYERS, noiseprint
from unmask.nn.stream_fusion import Fuse, Rectify

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_WHITE = 256
"""What the authors divide pixels by."""

PHASES = {
    "localisation": ("noiseprint", "confidence_head", "detect"),
    "detection": ("noiseprint", "rgb", "noise", "rectify", "fuse", "mask_head"),
}
"""What stays as it is in the second and the third phase of training."""


def pooled(values: Tensor, log_weights: Tensor) -> Tensor:
    """Soft minimum, soft maximum, mean and mean square of weighed maps: (B, N, H, W) to (B, 4 N),
    the four of a map beside each other."""
    values, log_weights = values.flatten(2), log_weights.flatten(2).log_softmax(-1)
    weighed = log_weights.exp() * values
    return torch.stack(
        [
            -torch.logsumexp(log_weights - values, -1),
            torch.logsumexp(log_weights + values, -1),
            weighed.sum(-1),
            (weighed * values).sum(-1),
        ],
        dim=-1,
    ).flatten(1)


class TruFor(nn.Module):
    """``phase`` of training says what is frozen: it has no gradient and its norms stand still.

    ``layers``: convolutions of the fingerprint; ``second``: blocks of each stage of the second
    stream, as many as the first has where it is None.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        phase: str = "detection",
        layers: int = LAYERS,
        second: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        shape = shape or Shape()
        self.noiseprint = noiseprint(layers)
        self.rgb = stream(shape)
        self.noise = stream(shape if second is None else replace(shape, depths=second))
        self.rectify = nn.ModuleList(Rectify(width) for width in shape.widths)
        self.fuse = nn.ModuleList(
            Fuse(width, heads) for width, heads in zip(shape.widths, shape.heads, strict=True)
        )
        for part in (self.rgb, self.noise, self.rectify, self.fuse):
            part.apply(initialise)
        self.mask_head = Head(shape.widths, shape.decoder, 2)
        self.confidence_head = Head(shape.widths, shape.decoder, 1)
        self.detect = nn.Sequential(
            nn.Linear(8, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 1)
        )
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None], persistent=False)
        self.frozen: list[nn.Module] = []
        self.freeze(PHASES[phase])

    def freeze(self, names: Sequence[str]) -> None:
        """Hold parts still: they have no gradient, and their norms stay as they are."""
        self.frozen = [self.get_submodule(name) for name in names]
        for still in self.frozen:
            still.requires_grad_(False)

    def clues(self, pixels: Tensor) -> Tensor:
        """What the second stream sees of pixels in 0…1: three channels of the same size."""
        noise: Tensor = self.noiseprint(pixels)
        return noise.expand(-1, 3, -1, -1)

    def fused(self, first: Tensor, noise: Tensor) -> list[Tensor]:
        """The streams' maps, each corrected by the other and made one at every stage."""
        maps = []
        for place, (rgb, other) in enumerate(zip(self.rgb, self.noise, strict=True)):
            first, noise = self.rectify[place](rgb(first), other(noise))
            maps.append(self.fuse[place](first, noise))
        return maps

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        for still in self.frozen:
            still.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Pixels (B, 3, H, W), RGB 0…255, to the outputs of the card."""
        pixels = picture / _WHITE
        noise = self.clues(pixels)
        first = (pixels - self.get_buffer("mean")) / self.get_buffer("std")
        maps = self.fused(first, noise)
        side = picture.shape[2:]
        authentic, forged = self.mask_head(maps).split(1, dim=1)
        coarse = torch.cat([self.confidence_head(maps), forged - authentic], dim=1)
        both = F.interpolate(coarse, size=side, mode="bilinear")
        confidence, mask = both.unbind(1)
        statistics = pooled(
            both, torch.stack([torch.zeros_like(confidence), F.logsigmoid(confidence)], dim=1)
        )
        logit = self.detect(statistics).squeeze(1)
        return {"logit": logit, "mask": mask, "confidence": confidence}
