"""SFLD as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.sfld.model import SIZES, Sfld
from unmask.errors import ModelError
from unmask.nn.clip_names import vision_names
from unmask.nn.towers import TINY, noise_faces
from unmask.train.method import Batch, Method, fitted


class SfldMethod(Method):
    """Gye et al. 2025, "SFLD: Reducing the content bias for AI-generated Image Detection".

    ``settings``: ``sizes`` (sides of the pieces, the whole picture first), ``views`` (shufflings
    that are averaged), ``fixed`` (whether training sees the same ones at every step, so that
    features can be kept), ``backbone_config`` (values of CLIP's configuration to change; such a
    CLIP has no published weights).
    """

    frozen = "tower.pooled"
    small: ClassVar[Mapping[str, Any]] = {
        "sizes": (28, 14, 7),
        "views": 2,
        "backbone_config": TINY,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-L/14 and the heads. Raises MissingExtra, ModelError, SettingError."""
        return Sfld(
            tuple(self.settings.get("sizes") or SIZES),
            int(self.settings.get("views", 10)),
            pretrained,
            dict(self.settings.get("backbone_config") or {}),
            bool(self.settings.get("fixed", False)),
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of every head by itself, added: heads do not see each other."""
        each = self.run(network, batch)["each"]
        label = batch["label"].to(each)[:, None].expand_as(each)
        parts = F.binary_cross_entropy_with_logits(each, label, reduction="none").mean(0)
        sizes = cast(Sfld, network).sizes
        said = {f"bce_{side}": float(v) for side, v in zip(sizes, parts.detach(), strict=True)}
        return parts.sum(), said

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Heads of UnivFD's form (``fc.weight``) cannot be told apart by size: only our names fit.

        OpenAI's names of CLIP below ``visual.`` are taken too. Raises ModelError.
        """
        if "fc.weight" in checkpoint:
            raise ModelError("This is a head for one size. SFLD needs one for each of its sizes.")
        seen = {n.removeprefix("visual."): v for n, v in checkpoint.items() if "visual." in n}
        rest = {n: v for n, v in checkpoint.items() if "visual." not in n}
        if seen:
            rest |= {f"tower.clip.{n}": v for n, v in vision_names(seen).items()}
            rest["project.weight"] = seen["proj"].float().T.contiguous()
        return fitted(self.network(), rest, "SFLD")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, and labels that take turns."""
        made = noise_faces(self.settings.get("backbone_config") or {}, batch, seed)
        return {"picture": made["face"], "label": made["label"]}
