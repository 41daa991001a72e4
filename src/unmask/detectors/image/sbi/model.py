"""EfficientNet-B4 (Tan and Le 2019) as SBI uses it (Shiohara and Yamasaki 2022, section 4.1)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.backbones import timm_model

SIZE = 380
"""Side of the face in pixels."""
BACKBONE = "tf_efficientnet_b4.ap_in1k"
"""ImageNet with adversarial examples (Xie et al. 2020), as the authors start."""


class _Padded(nn.Conv2d):
    """A convolution whose rim is TensorFlow's for one size of picture, whatever comes."""

    rim: tuple[int, int]

    def forward(self, x: Tensor) -> Tensor:
        """As ``Conv2d``."""
        return super().forward(F.pad(x, self.rim * 2))


def fix_rims(network: nn.Module, side: int) -> None:
    """Give every convolution of stride 2 the rim that it has for pictures of ``side`` pixels.

    The authors' package works it out once; timm does at each call, which no exported graph likes.
    """
    from timm.layers import Conv2dSame

    for module in network.modules():
        if isinstance(module, Conv2dSame):
            kernel, stride = module.kernel_size[0], module.stride[0]
            after = -(-side // stride)
            rim = max((after - 1) * stride + kernel - side, 0)
            module.__class__ = _Padded
            module.rim = (rim // 2, rim - rim // 2)
            side = after


class SBI(nn.Module):
    """Face (batch × 3 × 380 × 380, RGB 0…255) → ``logit`` (batch).

    ``pretrained``: from ImageNet weights; ``backbone``: timm's name of the EfficientNet. Like the
    authors' it takes 0…1 without mean and spread, although those weights were made for -1…1.
    """

    def __init__(self, pretrained: bool = False, backbone: str = BACKBONE) -> None:
        super().__init__()
        self.net = timm_model(
            backbone,
            pretrained,
            num_classes=2,
            pad_type="same",
            drop_rate=0.4,
            drop_path_rate=0.2,
            bn_momentum=0.01,
        )
        fix_rims(self.net, SIZE)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of the authors' two outputs."""
        real, forged = self.net(face.float() / 255).unbind(1)
        return {"logit": forged - real}
