"""UnivFD as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.univfd.convert import from_official
from unmask.detectors.image.univfd.model import UnivFD
from unmask.nn.towers import TINY, noise_faces
from unmask.train.method import Batch, Method, fitted


class UnivFDMethod(Method):
    """Ojha, Li and Lee 2023, "Towards Universal Fake Image Detectors that Generalize Across
    Generative Models", its linear classifier.

    ``settings``: ``backbone_config`` (values of CLIP's configuration to change; such a CLIP has no
    published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {"backbone_config": TINY}

    @property
    def _changed(self) -> dict[str, Any]:
        return dict(self.settings.get("backbone_config") or {})

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-L/14. Raises MissingExtra, ModelError when its weights cannot be had."""
        return UnivFD(pretrained, self._changed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The published line beside CLIP's published weights, or the checkpoint that holds both.

        Raises ModelError when it does not fit or CLIP cannot be had.
        """
        theirs = from_official(checkpoint)
        whole = any(name.startswith("tower.") for name in theirs)
        network = self.network(pretrained=not whole)
        return fitted(network, theirs, "UnivFD", () if whole else ("tower.",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        made = noise_faces(self._changed, batch, seed)
        return {"picture": made["face"], "label": made["label"]}
