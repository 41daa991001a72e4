"""LRNet as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.lrnet.convert import from_official
from unmask.detectors.video.lrnet.model import FRAMES, POINTS, LRNet
from unmask.train.method import Batch, Method, fitted


class LRNetMethod(Method):
    """Sun, Han, Hua, Ruan and Jia 2021, "Improving the Efficiency and Robustness of Deepfakes
    Detection through Precise Geometric Features", in the forms that its authors publish, named by
    their training. ``settings``: ``frames`` (of a stretch, for tests).
    """

    variants: ClassVar[tuple[str, ...]] = ("deeperforensics", "faceforensics")
    files: ClassVar[tuple[str, ...]] = ("g1", "g2")
    small: ClassVar[Mapping[str, Any]] = {"frames": 5}

    def network(self, pretrained: bool = False) -> nn.Module:
        """Both branches; the authors start from random weights."""
        return LRNet()

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of each branch. They share nothing, so they learn as if apart."""
        outputs, label = self.run(network, batch), batch["label"].long()
        places, steps = (F.cross_entropy(outputs[name], label) for name in ("places", "steps"))
        return places + steps, {"places": float(places.detach()), "steps": float(steps.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' two files. Raises ModelError when they do not fit."""
        return fitted(self.network(), from_official(checkpoint), "LRNet")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Places of points that tremble, and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        frames = int(self.settings.get("frames", FRAMES))
        still = torch.rand(batch, 1, 2 * POINTS, generator=rng) * 1.6 - 0.8
        tremble = torch.randn(batch, frames, 2 * POINTS, generator=rng) * 0.01
        return {"points": still + tremble, "label": (torch.arange(batch) % 2).float()}
