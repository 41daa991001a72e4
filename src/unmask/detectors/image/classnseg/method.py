"""ClassNSeg as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.classnseg.convert import from_official
from unmask.detectors.image.classnseg.loss import activation, reconstruction, segmentation
from unmask.detectors.image.classnseg.model import ClassNSeg
from unmask.train.face_method import FaceMethod
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import with_masks
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class ClassNSegMethod(FaceMethod):
    """Nguyen, Fang, Yamagishi and Echizen 2019, "Multi-task Learning for Detecting and Segmenting
    Manipulated Facial Images and Videos".

    ``settings``: ``segmentation`` and ``reconstruction`` (weights of both losses), ``side`` (for
    tests).
    """

    variants: ClassVar[tuple[str, ...]] = ("full", "finetuned")
    files: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    small: ClassVar[Mapping[str, Any]] = {"side": 64}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network; the authors start from random weights."""
        return ClassNSeg()

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Activation, mask and the face drawn again, the last two from the true class's half."""
        body, label = cast(ClassNSeg, network), batch["label"]
        halves = body.coded(batch["face"])
        made = body.segmented(halves, label > 0)
        known = with_masks(batch)
        given = body.pixels(batch["face"])
        parts = {
            "activation": activation(body.activity(halves), label),
            "segmentation": segmentation(made["mask"], batch["mask"], known),
            "reconstruction": reconstruction(made["drawn"], given),
        }
        total = parts["activation"]
        for name in ("segmentation", "reconstruction"):
            total = total + float(self.settings.get(name, 1.0)) * parts[name]
        return total, {name: float(value.detach()) for name, value in parts.items()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' two files. Raises ModelError when they do not fit."""
        return fitted(self.network(), from_official(checkpoint), "ClassNSeg")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; an altered square in every second face."""
        return masked_noise_batch("face", self.side, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces with their masks. Raises DataError when none to train on has one."""
        from unmask.datasets.samples import require_masks

        if split == "train":
            require_masks(manifest.select(split=split), "ClassNSeg")
        return super().samples(manifest, split, recipe)
