"""M2TR as the research wing sees it (Wang et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.m2tr.convert import from_official
from unmask.detectors.image.m2tr.model import M2TR, SIZE
from unmask.detectors.image.sbi.model import BACKBONE
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted


class M2TRMethod(Method):
    """M2TR as its authors publish it: classes only, no mask.

    ``settings``: ``gamma`` (of the focal loss), ``depth`` (layers), ``backbone`` (another
    EfficientNet of timm's) and ``side`` (a multiple of 32), for small networks.
    """

    small: ClassVar[Mapping[str, Any]] = {"backbone": "test_efficientnet", "side": 64, "depth": 1}

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.side = int(self.settings.get("side") or SIZE)

    def network(self, pretrained: bool = False) -> nn.Module:
        """Raises MissingExtra or ModelError when the backbone's weights cannot be had."""
        backbone = str(self.settings.get("backbone", BACKBONE))
        return M2TR(pretrained, backbone, self.side, int(self.settings.get("depth", 4)))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Focal loss over two yes-or-no questions (real? forged?), as in the authors' program."""
        classes = self.run(network, batch)["classes"]
        loss = focal_loss(classes, batch["label"], float(self.settings.get("gamma", 2.0)))
        return loss, {"focal": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "m2tr")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        return noise_batch("face", self.side, batch, seed)


def focal_loss(classes: Tensor, label: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy of each class's own yes or no, less where it is right already.

    Scores (B, 2), labels (B).
    """
    truth = torch.stack([1 - label, label], dim=1).to(classes)
    entropy = F.binary_cross_entropy_with_logits(classes, truth, reduction="none")
    return ((1 - torch.exp(-entropy)) ** gamma * entropy).mean()
