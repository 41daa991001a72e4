"""A student of four teachers and an encoder of real faces (Yan et al. 2024, section 3.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.efficientnet import efficientnet
from unmask.nn.pixels import HALF, Pixels

BACKBONE = "tf_efficientnet_b4.aa_in1k"
_MADE_FOR = 380
"""Side for which the rims of the convolutions were worked out, whatever faces come."""
_WIDTH = 512


class Encoder(nn.Module):
    """An EfficientNet brought to 512 channels at 1/32 of the side."""

    net: Any

    def __init__(self, pretrained: bool, backbone: str) -> None:
        super().__init__()
        self.net = efficientnet(
            backbone, _MADE_FOR, pretrained, num_classes=0, drop_rate=0.0, drop_path_rate=0.2
        )
        self.narrow = nn.Conv2d(int(self.net.num_features), _WIDTH, 1)

    def forward(self, face: Tensor) -> Tensor:
        """Maps of faces in -1…1."""
        maps: Tensor = self.narrow(self.net.forward_features(face))
        return maps


def _head(hidden: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(_WIDTH, hidden),
        nn.LeakyReLU(),
        nn.Linear(hidden, classes),
    )


class LSDA(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch), by the student alone.

    ``domains``: ways of forging, each with a teacher. ``pretrained``: all encoders from ImageNet
    weights; ``backbone``: timm's name.
    """

    def __init__(
        self, domains: int = 4, pretrained: bool = False, backbone: str = BACKBONE
    ) -> None:
        super().__init__()
        self.pixels = Pixels(HALF)
        self.student = Encoder(pretrained, backbone)
        self.binary = _head(_WIDTH, 2)
        self.teachers = nn.ModuleList(Encoder(pretrained, backbone) for _ in range(domains))
        self.real = Encoder(pretrained, backbone)
        self.domains = _head(_WIDTH // 2, domains + 1)
        self.fuse = nn.Sequential(
            nn.Conv2d(2 * _WIDTH, _WIDTH, 1),
            nn.LeakyReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            nn.LeakyReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            nn.LeakyReLU(),
        )

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery, the difference of both outputs."""
        real, forged = self.binary(self.student(self.pixels(face))).unbind(1)
        return {"logit": forged - real}

    def taught(self, group: Tensor) -> tuple[Tensor, Tensor]:
        """Of groups (G, 1 + D, 3, S, S; 0…255): the real encoder's maps of all faces, and each
        teacher's of the faces of its domain, (G, 1 + D, C, h, w) and (G, D, C, h, w).
        """
        faces = self.pixels(group)
        real = torch.stack([self.real(part) for part in faces.unbind(1)], 1)
        pairs = zip(self.teachers, faces.unbind(1)[1:], strict=True)
        return real, torch.stack([teacher(part) for teacher, part in pairs], 1)

    def fused(self, first: Tensor, second: Tensor) -> Tensor:
        """Two sets of features (G, D, C, h, w) as one."""
        both = torch.cat([first, second], 2)
        made: Tensor = self.fuse(both.flatten(0, 1))
        return made.reshape(*both.shape[:2], *made.shape[1:])
