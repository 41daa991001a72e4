"""AWARE-NET as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.aware_net.model import COPIES, FAMILIES, AwareNet
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted


class AwareNetMethod(Method):
    """Salman et al. 2025, "AWARE-NET: Adaptive Weighted Averaging for Robust Ensemble Network in
    Deepfake Detection".

    ``settings``: ``families`` (networks of timm, or published methods as ``method:NAME``),
    ``copies`` (of each), ``members`` (false: only the weights over families learn).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "families": ("test_resnet", "test_efficientnet"),
        "copies": 2,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """All members. Raises MissingExtra, ModelError, SettingError."""
        network = AwareNet(
            tuple(self.settings.get("families") or FAMILIES),
            int(self.settings.get("copies", COPIES)),
            pretrained,
        )
        if not self.settings.get("members", True):
            network.members.requires_grad_(False)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the fused probability."""
        outputs = self.run(network, batch)
        loss = F.binary_cross_entropy_with_logits(outputs["logit"], batch["label"].to(torch.float))
        shares = outputs["shares"][0].tolist()
        return loss, {f"share_{i}": share for i, share in enumerate(shares)}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError."""
        return fitted(self.network(), checkpoint, "AWARE-NET")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels that take turns."""
        side = 64 if self.settings.get("families") else 256
        return noise_batch("face", side, batch, seed)
