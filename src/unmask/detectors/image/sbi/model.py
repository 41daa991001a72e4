"""EfficientNet-B4 (Tan and Le 2019) as SBI uses it (Shiohara and Yamasaki 2022, section 4.1)."""

from __future__ import annotations

from torch import Tensor, nn

from unmask.nn.efficientnet import efficientnet

SIZE = 380
"""Side of the face in pixels."""
BACKBONE = "tf_efficientnet_b4.ap_in1k"
"""ImageNet with adversarial examples (Xie et al. 2020), as the authors start."""


class SBI(nn.Module):
    """Face (batch × 3 × 380 × 380, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: from ImageNet weights; ``backbone``: timm's name of the EfficientNet. Like the
    authors' it takes 0…1 without mean and spread, although those weights were made for -1…1.
    """

    def __init__(self, pretrained: bool = False, backbone: str = BACKBONE) -> None:
        super().__init__()
        self.net = efficientnet(
            backbone, SIZE, pretrained, num_classes=2, drop_rate=0.4, drop_path_rate=0.2
        )

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the authors' two outputs."""
        real, forged = self.net(face.float() / 255).unbind(1)
        return {"logit": forged - real}
