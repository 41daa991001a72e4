"""SPSL as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.image.spsl.model import SPSL
from unmask.nn.xception import benchmark_names
from unmask.train.face_method import FaceMethod
from unmask.train.method import fitted


class SPSLMethod(FaceMethod):
    """Liu et al. 2021, "Spatial-Phase Shallow Learning: Rethinking Face Forgery Detection in
    Frequency Domain". ``settings`` as ``FaceMethod``; the variant ``shallow`` has no middle flow.
    """

    variants: ClassVar[tuple[str, ...]] = ("whole", "shallow")

    def network(self, pretrained: bool = False) -> nn.Module:
        """Phase and Xception. Raises MissingExtra, ModelError when weights cannot be had."""
        middle = 0 if self.variant == "shallow" else self.middle
        return SPSL(self.side, self.start(pretrained), middle)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), benchmark_names(checkpoint), "SPSL")
