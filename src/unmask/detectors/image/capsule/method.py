"""Capsule-Forensics as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.capsule.convert import from_official
from unmask.detectors.image.capsule.model import SIDE, Capsules
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted


class CapsuleMethod(FaceMethod):
    """Nguyen, Yamagishi and Echizen 2019, "Capsule-Forensics: Using Capsule Networks to Detect
    Forged Images and Videos", in the forms that its authors publish, named by their training.

    ``settings``: ``noise`` (on the routing's weights in training), ``side`` (for tests).
    """

    size: ClassVar[int] = SIDE
    variants: ClassVar[tuple[str, ...]] = (
        "deepfakes",
        "face2face-raw",
        "face2face-c23",
        "face2face-c40",
    )
    small: ClassVar[Mapping[str, Any]] = {"side": 32}

    def network(self, pretrained: bool = False) -> nn.Module:
        """VGG and capsules. Raises MissingExtra, ModelError when VGG's weights cannot be had."""
        return Capsules(pretrained, float(self.settings.get("noise", 0.01)))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of each of the four numbers, summed (section 3.2).

        As in the authors' program probabilities go in where logits should.
        """
        classes, real = self.run(network, batch)["classes"], 1 - batch["label"].long()
        parts = [F.cross_entropy(one, real) for one in classes.unbind(1)]
        loss: Tensor = sum(parts[1:], parts[0])
        return loss, {"capsules": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' capsules beside VGG's published weights or those in the file.

        Raises ModelError when they do not fit or VGG cannot be had.
        """
        theirs = from_official(checkpoint)
        whole = any(name.startswith("vgg.") for name in theirs)
        network = self.network(pretrained=not whole)
        return fitted(network, theirs, "Capsule-Forensics", () if whole else ("vgg.",))
