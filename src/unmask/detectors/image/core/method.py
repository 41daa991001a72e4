"""CORE as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.core.loss import inconsistency
from unmask.detectors.image.core.model import Core
from unmask.nn.xception import benchmark_names
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class CoreMethod(FaceMethod):
    """Ni, Meng, Yu, Quan, Ren and Zhao 2022, "CORE: COnsistent REpresentation Learning for Face
    Forgery Detection".

    ``settings``: ``rate`` (weight of the consistency), ``real`` (weight of a real face against a
    forged one), and those of ``FaceMethod``.
    """

    def network(self, pretrained: bool = False) -> nn.Module:
        """Xception. Raises MissingExtra, ModelError when its weights cannot be had."""
        return Core(self.start(pretrained), self.middle)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Weighed cross-entropy of both views and their inconsistency (section 3.2)."""
        seen = network(torch.cat([batch["face"], batch["second"]]))
        label = batch["label"].repeat(2).to(seen["logit"].dtype)
        each = F.binary_cross_entropy_with_logits(seen["logit"], label, reduction="none")
        weight = torch.where(label > 0, 1.0, float(self.settings.get("real", 4.0)))
        entropy = (weight * each).sum() / weight.sum()
        apart = inconsistency(*seen["features"].chunk(2))
        total = entropy + float(self.settings.get("rate", 100.0)) * apart
        return total, {"bce": float(entropy.detach()), "inconsistency": float(apart.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), benchmark_names(checkpoint), "CORE")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise in two views, and labels in turn."""
        made = super().example(batch, seed)
        rng = torch.Generator().manual_seed(seed + 1)
        return made | {"second": torch.rand(made["face"].shape, generator=rng) * 255}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces; in training two views of each."""
        from unmask.detectors.image.core.views import TwoViews

        base = super().samples(manifest, split, recipe)
        return TwoViews(base, recipe.seed) if split == "train" else base
