"""The first half of a ResNet-50 on neighbouring-pixel relationships (Tan et al. 2024, section 3).

Generators scale up; the pixels that come of one pixel stay related. The input of the network is
what a picture loses when each 2 × 2 block is replaced by its upper left pixel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.nn.neighbouring_pixels import relationships

SIZE = 256
"""Side to which the authors stretch a picture."""


class NPR(nn.Module):
    """Picture (batch × 3 × height × width, RGB 0…255) → ``logit`` (batch).

    The authors' network: a ResNet-50 (He et al. 2016) that ends after its second stage, with a
    stem of 3 × 3. They normalise by ImageNet's mean, which the difference takes away again, and
    spread, and multiply by 2/3.
    """

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models.resnet import Bottleneck, ResNet

        whole = ResNet(Bottleneck, [3, 4, 1, 1])
        first = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
        nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")
        self.stem = nn.Sequential(
            first,
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.layer1 = whole.layer1
        self.layer2 = whole.layer2
        self.head = nn.Linear(512, 1)
        spread = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        self.register_buffer("scale", 2 / (3 * 255 * spread), persistent=False)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of a generated picture before calibration."""
        x = self.stem(relationships(picture) * self.scale)
        x = self.layer2(self.layer1(x))
        return {"logit": self.head(x.mean((2, 3)))[:, 0]}
