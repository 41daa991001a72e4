"""CLIP with tuned norms as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.clip_ln.convert import from_official
from unmask.detectors.image.clip_ln.loss import alignment, mixed, uniformity
from unmask.detectors.image.clip_ln.model import ClipLN
from unmask.nn.towers import TINY, noise_faces
from unmask.train.method import Batch, Method, fitted


class ClipLNMethod(Method):
    """Yermakov, Cech and Matas 2025, "Unlocking the Hidden Potential of CLIP in Generalizable
    Deepfake Detection".

    ``settings``: ``mix`` (features are moved between those of their class), ``alignment`` and
    ``uniformity`` (weights of the losses on the sphere), ``backbone_config`` (values of CLIP's
    configuration to change; such a CLIP has no published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {"backbone_config": TINY}

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-L/14. Raises MissingExtra, ModelError when its weights cannot be had."""
        return ClipLN(pretrained, dict(self.settings.get("backbone_config") or {}))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, and the weighed alignment and uniformity of the features."""
        features, label = self.run(network, batch)["features"], batch["label"]
        if network.training and self.settings.get("mix", True):
            features = mixed(features, label)
        logit = cast(ClipLN, network).judged(features)
        total = F.binary_cross_entropy_with_logits(logit, label.to(logit.dtype))
        parts = {"bce": float(total.detach())}
        for name, value in (
            ("alignment", alignment(features, label)),
            ("uniformity", uniformity(features)),
        ):
            if weight := float(self.settings.get(name, 0.0)):
                total = total + weight * value
            parts[name] = float(value.detach())
        return total, parts

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "CLIP-LN")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        return noise_faces(self.settings.get("backbone_config") or {}, batch, seed)
