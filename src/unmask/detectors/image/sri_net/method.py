"""SRI-Net as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from unmask.detectors.image.sri_net.model import SriNet
from unmask.faces.light.separation import MAPS
from unmask.nn.xception import SMALL, sizes
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted


class SriNetMethod(FaceMethod):
    """Fei, Jia, Huang, Zhang and Zhou 2026, "Exploring Specular Reflection Inconsistency for
    Generalizable Face Forgery Detection".

    ``settings``: as ``FaceMethod``; ``middle``, ``entry``: blocks of each middle and each
    entry flow; for tests ``thin`` (what all channels are divided by).
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, **SMALL}

    def network(self, pretrained: bool = False) -> nn.Module:
        """Four Xceptions. Raises MissingExtra or ModelError when their weights cannot be had."""
        return SriNet(self.start(pretrained), **sizes(self.settings))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError for others."""
        return fitted(self.network(), checkpoint, "SRI-Net")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise: a picture, maps about 1, about 0 and about 0; labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        shape = batch, MAPS, self.side, self.side
        light = torch.rand(shape, generator=rng)
        light[:, :3] *= 255
        light[:, 6:] -= 0.5
        return {"light": light, "label": (torch.arange(batch) % 2).float()}
