"""ADDNet as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.addnet.attention import seen_in
from unmask.detectors.image.addnet.model import SIZE, ADDNet
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe


class ADDNetMethod(FaceMethod):
    """After Zi, Chang, Chen, Ma and Jiang 2020, "WildDeepfake: A Challenging Real-World Dataset
    for Deepfake Detection", ADDNet-2D.

    ``settings``: ``side`` (of the face in pixels).
    """

    size = SIZE
    small: ClassVar[Mapping[str, Any]] = {"side": 64}
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """On Xception. Raises MissingExtra or ModelError when its weights cannot be had."""
        return ADDNet(pretrained, self.side)

    def run(self, network: nn.Module, batch: Batch) -> Outputs:
        """The network on the faces, with their own maps where the batch has them."""
        result: Outputs = network(batch["face"], batch.get("where"))
        return result

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError."""
        return fitted(self.network(), checkpoint, "ADDNet")

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces with the map of each."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        return Prepared(part, self.card.inputs, recipe, split == "train", self.targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``where``: the map of the face as it was cut."""
        return {"where": seen_in(loaded.arrays["face"].transpose(1, 2, 0).astype(np.uint8))}
