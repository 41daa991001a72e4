"""The ensemble on BlazeFace's crops as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from unmask.detectors.image.blazeface_ensemble.loss import focal
from unmask.detectors.image.blazeface_ensemble.model import SIZE, Ensemble
from unmask.nn.xception import SMALL, sizes
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted


class BlazefaceEnsembleMethod(Method):
    """After Shamanth, Mathias and Vijayalakshmi 2022, "Detection of fake faces in videos".

    ``settings``: ``gamma`` (of the focal loss), ``layers`` and ``channels`` of the ResNet, ``side``
    (of the example); for tests ``middle``, ``entry`` and ``thin`` (of the Xception).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "layers": (1, 1, 1, 1),
        "channels": (8, 8, 16, 16),
        "side": 64,
        **SMALL,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """Both networks. Raises MissingExtra or ModelError when their weights cannot be had."""
        resnet = {n: self.settings[n] for n in ("layers", "channels") if n in self.settings}
        return Ensemble(pretrained, **resnet, **sizes(self.settings))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Focal loss of each network; the mean of both."""
        each = self.run(network, batch)["each"]
        label = batch["label"].to(each.dtype)
        gamma = float(self.settings.get("gamma", 2.0))
        parts = torch.stack([focal(one, label, gamma) for one in each.unbind(1)])
        names = ("resnet", "xception")
        return parts.mean(), dict(zip(names, parts.detach().tolist(), strict=True))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError."""
        return fitted(self.network(), checkpoint, "the ensemble")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        side = int(self.settings.get("side", SIZE))
        return noise_batch("face", side, batch, seed)
