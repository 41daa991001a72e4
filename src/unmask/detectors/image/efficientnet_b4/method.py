"""EfficientNet-B4 for faces as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.image.efficientnet_b4.convert import from_official
from unmask.detectors.image.efficientnet_b4.model import BACKBONE, FaceEfficientNet
from unmask.train.face_method import FaceMethod
from unmask.train.method import fitted


class EfficientNetMethod(FaceMethod):
    """Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    on faces as DeepfakeBench trains it. ``settings``: ``side`` and ``backbone`` (for tests).
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, "backbone": "test_efficientnet"}

    def network(self, pretrained: bool = False) -> nn.Module:
        """EfficientNet-B4. Raises MissingExtra, ModelError when its weights cannot be had."""
        return FaceEfficientNet(pretrained, str(self.settings.get("backbone", BACKBONE)))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "EfficientNet-B4")
