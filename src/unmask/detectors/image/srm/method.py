"""SRM as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.srm.convert import from_official
from unmask.detectors.image.srm.model import TwoStreams
from unmask.nn.margins import additive_margin
from unmask.nn.xception import SMALL, sizes
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

MARGIN, SCALE = 0.45, 30.0


class SRMMethod(FaceMethod):
    """Luo, Zhang, Yan and Liu 2021, "Generalizing Face Forgery Detection with High-frequency
    Features".

    ``settings``: as ``FaceMethod``; for tests also ``entry`` and ``thin`` of the Xceptions.
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, **SMALL}

    def network(self, pretrained: bool = False) -> nn.Module:
        """Both streams. Raises MissingExtra, ModelError when weights cannot be had."""
        return TwoStreams(self.side, self.start(pretrained), **sizes(self.settings))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Softmax with an additive margin (section 3.5), on plain logits as the authors do."""
        return margin_loss(self.run(network, batch)["classes"], batch["label"])

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "SRM")


def margin_loss(classes: Tensor, label: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy after the margin; ``classes`` (B, 2) are taken for cosines."""
    loss = F.cross_entropy(additive_margin(classes, label, MARGIN, SCALE), label.long())
    return loss, {"margin": float(loss.detach())}
