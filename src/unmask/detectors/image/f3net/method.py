"""F3-Net as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from unmask.detectors.image.f3net.convert import from_official
from unmask.detectors.image.f3net.model import F3Net
from unmask.train.face_method import FaceMethod
from unmask.train.method import fitted


class F3NetMethod(FaceMethod):
    """Qian, Yin, Sheng, Chen and Shao 2020, "Thinking in Frequency: Face Forgery Detection by
    Mining Frequency-aware Clues", its branch of decomposed frequencies. ``settings`` as
    ``FaceMethod``.
    """

    def network(self, pretrained: bool = False) -> nn.Module:
        """Bands and Xception. Raises MissingExtra, ModelError when weights cannot be had."""
        return F3Net(self.side, self.start(pretrained), self.middle)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "F3-Net")
