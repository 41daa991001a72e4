"""FakeLocator as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.fakelocator.loss import likeness, map_errors, map_loss, parse_loss
from unmask.detectors.image.fakelocator.model import PARSER_WIDTHS, WIDTHS, FakeLocator
from unmask.detectors.image.fakelocator.pairs import MAPS, WHOLE, Pairs, told
from unmask.detectors.image.fakelocator.parts import PARTS
from unmask.errors import DataError, ModelError
from unmask.train.made_batches import masked_noise_batch
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SIDE = 256


class FakeLocatorMethod(Method):
    """Huang, Juefei-Xu, Guo, Liu and Pu 2022, "FakeLocator: Robust Localization of GAN-Based Face
    Manipulations".

    ``settings``: ``side`` (of the face in pixels), ``widths`` and ``parser_widths`` (of the stages
    of encoder and parser), ``map_weight``, ``parse_weight`` (of the losses beside that of the
    class; without parsing, 0, the face mesh is not asked and the attention learns from the map
    alone), ``cut`` (0…1: from how much on a pixel counts as forged in the mask).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "side": 64,
        "widths": (8, 12, 16),
        "parser_widths": (4, 8),
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.side = int(self.settings.get("side") or SIDE)
        self.cut = float(self.settings.get("cut", 0.1))
        if not 0 < self.cut < 1:
            raise ModelError(f"The setting 'cut' is {self.cut:g}; allowed is what lies in 0…1.")

    def _weight(self, name: str) -> float:
        return float(self.settings.get(name, 1.0))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. There is no backbone to load."""
        return FakeLocator(
            self.settings.get("widths", WIDTHS),
            self.settings.get("parser_widths", PARSER_WIDTHS),
            self.cut,
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the class, mean error of the map, cross-entropy of the parts."""
        outputs = self.run(network, batch)
        logit = outputs["logit"]
        judged = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit))
        mapped = map_loss(outputs["fakeness"], batch["fakeness"], batch["mapped"])
        loss = judged + self._weight("map_weight") * mapped
        said = {"class": judged.item(), "map": mapped.item()}
        if "parts" in batch and "parts" in outputs:
            parsed = parse_loss(outputs["parts"], batch["parts"])
            loss = loss + self._weight("parse_weight") * parsed
            said["parts"] = parsed.item()
        return loss, said

    def measured(self, outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """``map_error`` of faces whose map is known; ``map_likeness`` of the forged among them."""
        if "fakeness" not in batch:
            return {}
        found, target = outputs["fakeness"], batch["fakeness"]
        known = batch["mapped"] > 0
        forged = known & (batch["label"] > 0)
        return {
            "map_error": map_errors(found, target)[known],
            "map_likeness": likeness(found, target)[forged],
        }

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError for others."""
        return fitted(self.network(), checkpoint, "FakeLocator")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with a faintly forged corner in every second face, and parts in stripes."""
        made = masked_noise_batch("face", self.side, batch, seed)
        parts = torch.arange(self.side) * len(PARTS) // self.side
        return {
            "face": made["face"],
            "label": made["label"],
            "fakeness": 0.3 * made["mask"],
            "mapped": made["masked"],
            "parts": parts.expand(batch, self.side, -1).clone(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces, of the forged ones how much of each pixel was made; only real ones are augmented.

        Raises DataError when no forged face to train on has an original, a mask, or is generated.
        """
        from unmask.datasets.reading import Reader
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        train = split == "train"
        if train and not any(item.label and told(item) for item in part):
            raise DataError(
                "fakelocator learns how much of a face was made; no forged item to train on names "
                f"its original (original), has a mask or is of the family {WHOLE!r}."
            )
        (face,) = self.card.inputs
        targets = Pairs(Reader(part, [face]), face.name, train and self._weight("parse_weight") > 0)
        settings = {**recipe.settings, "augment_fakes": False}
        own = recipe.model_copy(update={"settings": settings})
        return Prepared(part, [face], own, train=train, targets=targets, maps=MAPS)
