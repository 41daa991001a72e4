"""TOF-Net as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.tof_net.model import FRAMES, SIDE, TOFNet
from unmask.errors import ModelError
from unmask.train.method import Batch, Method, fitted

_SIZES = ("width", "depths", "heads", "levels", "rounds")


class TOFNetMethod(Method):
    """After Yang, Zhang, Zhou, Duan and Cao 2025, "TT-DF: A Large-Scale Diffusion-Based Dataset and
    Benchmark for Human Body Forgery Detection".

    ``settings``: ``width``, ``depths`` and ``heads`` of Video Swin, ``levels`` and ``rounds``
    of the flow, ``side`` (of the example).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "width": 8,
        "depths": (1, 1),
        "heads": (1, 2),
        "levels": 2,
        "rounds": 1,
        "side": 56,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises ModelError for a start from weights: none are published."""
        if pretrained:
            raise ModelError('TOF-Net has no published start; set init = "random".')
        sizes = {name: self.settings[name] for name in _SIZES if name in self.settings}
        return TOFNet(**sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError."""
        return fitted(self.network(), checkpoint, "TOF-Net")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise that moves, and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIDE))
        still = torch.rand((batch, 3, side, side), generator=rng) * 255
        return {
            "frames": torch.stack([still.roll(t, -1) for t in range(FRAMES)], 1),
            "label": (torch.arange(batch) % 2).float(),
        }
