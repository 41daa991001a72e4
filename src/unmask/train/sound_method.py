"""What published methods on stretches of sound have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from unmask.train.method import Batch, Method

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class SoundMethod(Method):
    """A method whose one input is ``sound``.

    ``settings`` of all: ``length`` (samples of a stretch, where not the card's).
    """

    selects = "-eer"

    @property
    def graphs(self) -> tuple[int, int]:
        """Blocks before AASIST's graphs and branches of them, where a method ends in such graphs
        (settings ``depth`` and ``branches``, for small networks)."""
        return int(self.settings.get("depth", 6)), int(self.settings.get("branches", 2))

    @property
    def length(self) -> int:
        """Samples of a stretch."""
        return int(self.settings.get("length") or self.card.inputs[0].shape[1])

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of a stretch's length, and labels that take turns."""
        sound = torch.randn(batch, self.length, generator=torch.Generator().manual_seed(seed)) * 0.1
        return {"sound": sound, "label": (torch.arange(batch) % 2).float()}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Stretches of ``length``."""
        from unmask.datasets.samples import Prepared

        shape = {"shape": ["batch", self.length]}
        inputs = [part.model_copy(update=shape) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")

    def weighted(self, classes: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of scores of real and forged, by the setting ``class_weights``.

        As on ASVspoof 2019, with nine forged voices for each real one: 0.9 and 0.1.
        """
        weights = torch.tensor(self.settings.get("class_weights", (0.9, 0.1)))
        return F.cross_entropy(classes, batch["label"].long(), weight=weights.to(classes))
