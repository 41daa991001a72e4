"""FatFormer as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.fatformer.convert import from_official
from unmask.detectors.image.fatformer.model import FatFormer
from unmask.nn.clip_projection import begin
from unmask.nn.towers import TINY, noise_faces
from unmask.train.method import Batch, Method, fitted

_NUMBERS = "embeddings.position_ids"


class FatFormerMethod(Method):
    """Liu et al. 2024, "Forgery-aware Adaptive Transformer for Generalizable Synthetic Image
    Detection".

    ``settings``: ``adapters`` (into how many blocks), ``words`` (learnt ones), ``opened`` (how far
    the adapters' path in frequency is open at the start), ``backbone_config`` and ``text_config``
    (values of CLIP's configurations to change; such a CLIP has no published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "adapters": 1,
        "words": 3,
        "opened": 0.5,
        "backbone_config": {**TINY, "image_size": 56, "projection_dim": 24},
        "text_config": {
            "vocab_size": 64,
            "hidden_size": 24,
            "intermediate_size": 48,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 12,
            "projection_dim": 24,
            "eos_token_id": 63,
        },
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-L/14. Raises MissingExtra, ModelError when its weights cannot be had."""
        network = FatFormer(
            int(self.settings.get("adapters", 3)),
            int(self.settings.get("words", 8)),
            pretrained,
            dict(self.settings.get("backbone_config") or {}),
            dict(self.settings.get("text_config") or {}),
            float(self.settings.get("opened", 0.0)),
        )
        if pretrained:
            with torch.no_grad():
                network.scale.copy_(begin(network.project))
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the two words."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit))
        return loss, {"bce": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint, which holds all of CLIP. Raises ModelError for another."""
        return fitted(self.network(), from_official(checkpoint), "FatFormer", _own(self.network()))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        made = noise_faces(self.settings.get("backbone_config") or {}, batch, seed)
        return {"picture": made["face"], "label": made["label"]}


def _own(network: nn.Module) -> list[str]:
    """Numbers of places, which some versions of transformers keep among the weights."""
    return [name for name in network.state_dict() if name.endswith(_NUMBERS)]
