"""An EfficientNet whose features lie on a sphere with fixed prototypes (Larue et al. 2023)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.seeable.discrepancy import KINDS
from unmask.detectors.image.seeable.loss import prototypes
from unmask.nn.efficientnet import efficientnet

SIZE, WIDTH = 380, 128
BACKBONE = "tf_efficientnet_b4.ap_in1k"
_SEED = 0


class Seeable(nn.Module):
    """Face (batch × 3 × 380 × 380, RGB 0…255) → ``logit`` (batch) and ``features`` (batch × 128).

    ``pretrained``: from ImageNet weights; ``backbone``: timm's name. ``temperature``: what the
    nearness is divided by.
    """

    points: Tensor

    def __init__(
        self, pretrained: bool = False, backbone: str = BACKBONE, temperature: float = 0.07
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.net = efficientnet(
            backbone, SIZE, pretrained, num_classes=WIDTH, drop_rate=0.4, drop_path_rate=0.2
        )
        self.register_buffer("points", prototypes(KINDS, WIDTH, _SEED))

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: nearness to the nearest prototype."""
        features = F.normalize(self.net(face.float() / 255))
        near = (features @ self.points.T).amax(1)
        return {"logit": near / self.temperature, "features": features}
