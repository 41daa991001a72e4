"""SLADD as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.sladd.choices import chosen, policy_loss
from unmask.detectors.image.sladd.convert import from_official
from unmask.detectors.image.sladd.model import Sladd
from unmask.errors import DataError
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

_MEAN = ((0.32, 0.4), (0.68, 0.4), (0.5, 0.6), (0.36, 0.75), (0.64, 0.75))


class SladdMethod(FaceMethod):
    """Chen, Zhang, Song, Liu and Wang 2022, "Self-supervised Learning of Adversarial Example:
    Towards Good Generalizations for Deepfake Detection". ``settings`` as ``FaceMethod``.
    """

    files: ClassVar[tuple[str, ...]] = ("student", "synthesizer")

    def network(self, pretrained: bool = False) -> nn.Module:
        """Detector and synthesizer. Raises MissingExtra, ModelError when weights cannot be had."""
        return Sladd(self.start(pretrained), self.middle)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The detector's loss on faces that the synthesizer changed, and the synthesizer's own."""
        from unmask.detectors.image.sladd.lesson import (
            lesson,
            lesson_losses,
            margin,
            references,
            weighed,
        )

        body = cast(Sladd, network)
        if not network.training:
            classes = body.student(body.pixels(batch["face"]))["classes"]
            alone = margin(classes, batch["label"].long())
            return alone, {"classes": float(alone)}
        rng = np.random.default_rng(int(torch.randint(2**31, ())))
        other = references(batch, rng)
        face = body.pixels(batch["face"])
        given = face[[place if giver < 0 else giver for place, giver in enumerate(other)]]
        choices = chosen(*body.synthesizer(torch.cat([face, given], 1)))
        target = lesson(batch, choices, other, self.map_side, rng).twice()
        parts = lesson_losses(body.student(body.pixels(target.face)), target)
        taught = weighed(parts)
        policy = policy_loss(choices, taught)
        figures = {name: float(value.detach()) for name, value in parts.items()}
        return taught + policy, figures | {"policy": float(policy.detach())}

    @property
    def map_side(self) -> int:
        """Side of the map that the detector gives."""
        side = (self.side - 3) // 2 - 1
        for _ in range(3):
            side = -(-side // 2)
        return side

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' detector, with or without the synthesizer, which only training asks.

        Raises ModelError when it does not fit.
        """
        theirs = from_official(checkpoint)
        whole = any(name.startswith("synthesizer.") for name in theirs)
        return fitted(self.network(), theirs, "SLADD", () if whole else ("synthesizer.",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with five points where a mean face has them."""
        points = torch.tensor(_MEAN) * self.side
        return super().example(batch, seed) | {
            "points": points.expand(batch, 5, 2).clone(),
            "found": torch.ones(batch),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces; in training with their five points. Raises DataError when they are mirrored."""
        from unmask.datasets.samples import Prepared

        train = split == "train"
        if train and dict(recipe.settings.get("augment", {})).get("flip", 0):
            raise DataError(
                "SLADD sees every face in a mirror by itself; leave flip at 0 in "
                "[settings.augment]: the five points of its faces would not be mirrored."
            )
        part = manifest.select(split=split)
        targets = self.targets if train else None
        return Prepared(part, self.card.inputs, recipe, train=train, targets=targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``points`` (5 × 2, pixels of the face as it is taken) and whether they were ``found``."""
        from unmask.runtime.preparation import largest

        pixels = np.asarray(loaded.arrays["face"], np.uint8).transpose(1, 2, 0)
        face = largest(np.ascontiguousarray(pixels))
        points = np.zeros((5, 2), np.float32) if face is None else face.points
        return {"points": points, "found": np.array(face is not None, np.float32)}
