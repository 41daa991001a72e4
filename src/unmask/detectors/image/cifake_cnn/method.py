"""CIFAKE's network as the research wing sees it (after Bird and Lotfi 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.cifake_cnn.convert import from_keras
from unmask.detectors.image.cifake_cnn.model import SIDE, CifakeCnn
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted


class CifakeMethod(Method):
    """The best of the networks that CIFAKE's authors compare."""

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors train it from random weights; there is none to load."""
        return CifakeCnn()

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A Keras file of a network of this shape. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_keras(checkpoint), "cifake_cnn")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        return noise_batch("picture", SIDE, batch, seed)
