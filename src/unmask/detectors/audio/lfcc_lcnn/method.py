"""LFCC-LCNN as the research wing sees it (Wang and Yamagishi 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.lfcc_lcnn.convert import renamed
from unmask.detectors.audio.lfcc_lcnn.model import LfccLcnn
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod


class LfccLcnnMethod(SoundMethod):
    """LFCC, a light convolutional network and two LSTMs, with one output.

    ``settings``: ``length`` (samples of a stretch, where not the card's).
    """

    small: ClassVar[Mapping[str, Any]] = {"length": 12000}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Nothing is pre-trained, in the paper as here."""
        return LfccLcnn()

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit))
        return loss, {"bce": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' trained_network.pt. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "lfcc_lcnn")
