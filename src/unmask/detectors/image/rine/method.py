"""RINE as the research wing sees it (Koutlis and Papadopoulos 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.rine.convert import renamed
from unmask.detectors.image.rine.model import Rine
from unmask.nn.contrast import supervised_contrast
from unmask.nn.towers import CLIPS, LARGE, clip_vision
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted

_SHAPES = {"4-class": (1024, 2), "2-class": (128, 4), "1-class": (1024, 4), "ldm": (1024, 4)}
"""Width and layers of the projections, chosen by the authors for each training set."""
_FACTORS = {"4-class": 0.2, "2-class": 0.2, "1-class": 0.1, "ldm": 0.2}
"""Weight of the contrastive loss, likewise."""


class RineMethod(Method):
    """RINE in the forms that the authors publish, named by what they trained on.

    ``settings``: ``contrast`` (weight of the contrastive loss), ``backbone_config`` (values of
    CLIP's configuration to change; such a CLIP has no published weights).
    """

    variants = tuple(_SHAPES)
    small: ClassVar[Mapping[str, Any]] = {
        "variant": "2-class",
        "backbone_config": {
            "hidden_size": 32,
            "intermediate_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "image_size": 28,
        },
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """The variant's network. ``pretrained``: CLIP as OpenAI published it.

        Raises MissingExtra, ModelError when CLIP cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        return Rine(clip_vision(LARGE, pretrained, changed), *_SHAPES[self.variant])

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy summed over the batch and the weighed contrastive loss (section 3.3)."""
        outputs = self.run(network, batch)
        label = batch["label"]
        entropy = F.binary_cross_entropy_with_logits(outputs["logit"], label, reduction="sum")
        contrast = supervised_contrast(outputs["features"], label)
        weight = float(self.settings.get("contrast", _FACTORS[self.variant]))
        return entropy + weight * contrast, {
            "cross_entropy": entropy.item() / len(label),
            "contrast": contrast.item(),
        }

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' trainable part, beside CLIP's published weights or those in the file.

        Raises ModelError when it does not fit or CLIP cannot be had.
        """
        theirs = renamed(checkpoint)
        whole = any(name.startswith("clip.") for name in theirs)
        network = self.network(pretrained=not whole)
        return fitted(network, theirs, f"rine ({self.variant})", () if whole else ("clip.",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        side = {**CLIPS[LARGE], **(self.settings.get("backbone_config") or {})}["image_size"]
        return noise_batch("picture", side, batch, seed)
