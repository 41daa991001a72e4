"""Effort as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.effort.convert import from_official
from unmask.detectors.image.effort.model import Effort
from unmask.nn.towers import TINY, noise_faces
from unmask.train.method import Batch, Method, fitted


class EffortMethod(Method):
    """Yan et al. 2025, "Orthogonal Subspace Decomposition for Generalizable AI-Generated Image
    Detection", for faces.

    ``settings``: ``rank`` (singular triples that train), ``penalty`` (weight of the paper's two
    constraints; 0, what the published program trains with, unless said), ``backbone_config``
    (values of CLIP's configuration to change; such a CLIP has no published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {"backbone_config": TINY}

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-L/14. Raises MissingExtra, ModelError when its weights cannot be had."""
        changed = dict(self.settings.get("backbone_config") or {})
        return Effort(int(self.settings.get("rank", 1)), pretrained, changed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy and the weighed constraints (section 3.3)."""
        logit = self.run(network, batch)["logit"]
        entropy = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        weight = float(self.settings.get("penalty", 0.0))
        parts = {"bce": float(entropy.detach())}
        if not weight:
            return entropy, parts
        penalty = cast(Effort, network).penalty()
        return entropy + weight * penalty, parts | {"penalty": float(penalty.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint, which holds all of CLIP. Raises ModelError for another."""
        return fitted(self.network(), from_official(checkpoint), "Effort")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        return noise_faces(self.settings.get("backbone_config") or {}, batch, seed)
