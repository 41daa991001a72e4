"""MesoNet as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.mesonet.convert import from_keras
from unmask.detectors.image.mesonet.model import SIZE, MesoNet
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted


class MesoNetMethod(Method):
    """Afchar, Nozick, Yamagishi and Echizen 2018, "MesoNet"."""

    variants = ("meso4", "mesoinception4")

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The paper starts from random weights; there is no backbone to load."""
        return MesoNet(self.variant)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Mean squared error of the sigmoid, as in the authors' code."""
        chance = self.run(network, batch)["logit"].sigmoid()
        loss = F.mse_loss(chance, batch["label"].to(chance.dtype))
        return loss, {"mse": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' HDF5 file of this variant. Raises ModelError when it is of another."""
        network = self.network()
        return fitted(network, from_keras(checkpoint, network), f"MesoNet ({self.variant})")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of 256 × 256 pixels and labels in turn."""
        return noise_batch("face", SIZE, batch, seed)
