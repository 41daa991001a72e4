"""The network: two EfficientNet-B4 that look at the same patches.

Mandelli, Bestagini and Tubaro 2024, "When Synthetic Traces Hide Real Content: Analysis of Stable
Diffusion Image Laundering", section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.detectors.image.sd_laundering.patches import cut, highest, places
from unmask.nn.efficientnet import efficientnet

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BACKBONE = "tf_efficientnet_b4.in1k"
_RIM_OF = 380
"""The authors' package works the rims of its convolutions out for B4's own size of picture."""


def judge(pretrained: bool, backbone: str) -> nn.Module:
    """An EfficientNet of two classes: patches (N, 3, 96, 96) to scores (N, 2)."""
    return efficientnet(backbone, _RIM_OF, pretrained, num_classes=2, drop_rate=0.4)


class Laundering(nn.Module):
    """Picture (batch × 3 × height × width, RGB 0…255) → ``logit`` and ``laundered``.

    ``number`` patches are looked at; the highest ``kept`` (a share) of their scores count.
    """

    def __init__(
        self,
        pretrained: bool = False,
        backbone: str = BACKBONE,
        number: int = 200,
        kept: float = 0.75,
    ) -> None:
        super().__init__()
        self.synthetic = judge(pretrained, backbone)
        self.laundered = judge(pretrained, backbone)
        self.kept = kept
        self.register_buffer("where", places(number), persistent=False)
        for name, value in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None] * 255, persistent=False)

    def patch_scores(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Both networks' two scores of each patch (N, 3, 96, 96)."""
        pixels = (patches - self.get_buffer("mean")) / self.get_buffer("std")
        return self.synthetic(pixels), self.laundered(pixels)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The outputs of the card."""
        patches = cut(picture, self.get_buffer("where"))
        number = patches.shape[1]
        both = self.patch_scores(patches.flatten(0, 1))
        logit, laundered = (highest(scores[:, 1].reshape(-1, number), self.kept) for scores in both)
        return {"logit": logit, "laundered": laundered}
