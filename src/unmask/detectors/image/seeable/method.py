"""SeeABLE as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.seeable.loss import TEMPERATURE, bounded_contrast
from unmask.detectors.image.seeable.model import BACKBONE, SIZE, Seeable
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class SeeableMethod(FaceMethod):
    """Larue, Vu, Struc, Peer and Christophides 2023, "SeeABLE: Soft Discrepancies and Bounded
    Contrastive Learning for Exposing Deepfakes".

    ``settings``: ``temperature``; for tests ``backbone`` and ``side``.
    """

    size: ClassVar[int] = SIZE
    small: ClassVar[Mapping[str, Any]] = {"backbone": "test_efficientnet", "side": 64}

    @property
    def temperature(self) -> float:
        """What nearness is divided by."""
        return float(self.settings.get("temperature", TEMPERATURE))

    def network(self, pretrained: bool = False) -> nn.Module:
        """EfficientNet-B4. Raises MissingExtra or ModelError when its weights cannot be had."""
        backbone = str(self.settings.get("backbone", BACKBONE))
        return Seeable(pretrained, backbone, self.temperature)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The bounded contrast of both views."""
        features = network(torch.cat([batch["face"], batch["second"]]))["features"]
        points = cast(Seeable, network).points
        loss = bounded_contrast(features, batch["kind"], points, self.temperature)
        return loss, {"contrast": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError."""
        return fitted(self.network(), checkpoint, "SeeABLE")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise in two views, and kinds of change in turn."""
        made = super().example(batch, seed)
        rng = torch.Generator().manual_seed(seed + 1)
        second = torch.rand(made["face"].shape, generator=rng) * 255
        return made | {"second": second, "kind": torch.arange(batch)}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Real faces of the split with changes of our making; its fakes are not looked at."""
        from unmask.detectors.image.seeable.sampling import Discrepant, RealAndDiscrepant

        part = manifest.select(split=split)
        if split == "train":
            return Discrepant(part, recipe.samples, recipe.seed, train=True)
        return RealAndDiscrepant(part, recipe.samples, recipe.seed, train=False)
