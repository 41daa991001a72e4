"""What methods share that judge one face by one network, as the field's benchmarks do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method


class FaceMethod(Method):
    """Faces of ``side`` pixels under cross-entropy of ``logit``.

    ``settings``: ``imagenet`` (a file of ImageNet weights that training starts from in place of
    timm's); for tests ``side`` (of the face) and ``middle`` (blocks of Xception's middle flow).
    """

    size: ClassVar[int] = 256
    small: ClassVar[Mapping[str, Any]] = {"side": 64, "middle": 1}

    @property
    def side(self) -> int:
        """Side of the face in pixels."""
        return int(self.settings.get("side", self.size))

    @property
    def middle(self) -> int:
        """Blocks of Xception's middle flow."""
        return int(self.settings.get("middle", 8))

    def start(self, pretrained: bool) -> bool | Path:
        """What the backbone starts from: the file of the settings, timm's weights, or nothing."""
        file = str(self.settings.get("imagenet", ""))
        return Path(file) if pretrained and file else pretrained

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels in turn."""
        return noise_batch("face", self.side, batch, seed)
