"""Xception for faces as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from unmask.detectors.image.xception.model import FaceXception
from unmask.nn.xception import benchmark_names
from unmask.train.face_method import FaceMethod
from unmask.train.method import fitted


class XceptionMethod(FaceMethod):
    """Rössler, Cozzolino, Verdoliva, Riess, Thies and Nießner 2019, "FaceForensics++: Learning to
    Detect Manipulated Facial Images", as DeepfakeBench trains it. ``settings`` as ``FaceMethod``.
    """

    def network(self, pretrained: bool = False) -> nn.Module:
        """Xception. Raises MissingExtra, ModelError when its weights cannot be had."""
        return FaceXception(self.start(pretrained), self.middle)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), benchmark_names(checkpoint), "Xception")
