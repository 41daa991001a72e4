"""SBI as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.sbi.convert import from_official
from unmask.detectors.image.sbi.model import BACKBONE, SBI, SIZE
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class SBIMethod(Method):
    """Shiohara and Yamasaki 2022, "Detecting Deepfakes with Self-Blended Images".

    ``settings``: ``backbone`` (another EfficientNet of timm's), ``side`` (of the example).
    """

    small: ClassVar[Mapping[str, Any]] = {"backbone": "test_efficientnet", "side": 64}

    def network(self, pretrained: bool = False) -> nn.Module:
        """EfficientNet-B4. Raises MissingExtra or ModelError when its weights cannot be had."""
        return SBI(pretrained, str(self.settings.get("backbone", BACKBONE)))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy (section 3.4)."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "SBI")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIZE))
        return {
            "face": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Pairs made from the reals of the split; its fakes are not looked at."""
        from unmask.detectors.image.sbi.sampling import SelfBlended

        part = manifest.select(split=split)
        return SelfBlended(part, recipe.samples, recipe.seed, train=split == "train")
