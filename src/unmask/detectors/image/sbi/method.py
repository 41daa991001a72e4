"""SBI as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.sbi.convert import from_official
from unmask.detectors.image.sbi.model import BACKBONE, SBI, SIZE
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class SBIMethod(FaceMethod):
    """Shiohara and Yamasaki 2022, "Detecting Deepfakes with Self-Blended Images".

    ``settings``: ``backbone`` (another EfficientNet of timm's), ``side`` (of the example).
    """

    size = SIZE
    small: ClassVar[Mapping[str, Any]] = {"backbone": "test_efficientnet", "side": 64}

    def network(self, pretrained: bool = False) -> nn.Module:
        """EfficientNet-B4. Raises MissingExtra or ModelError when its weights cannot be had."""
        return SBI(pretrained, str(self.settings.get("backbone", BACKBONE)))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "SBI")

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Pairs made from the reals of the split; its fakes are not looked at."""
        from unmask.detectors.image.sbi.sampling import SelfBlended

        part = manifest.select(split=split)
        return SelfBlended(part, recipe.samples, recipe.seed, train=split == "train")
