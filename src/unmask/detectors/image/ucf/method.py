"""UCF as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.ucf.convert import from_official
from unmask.detectors.image.ucf.loss import ucf_loss
from unmask.detectors.image.ucf.model import SIZE, UCF
from unmask.errors import DataError
from unmask.nn.xception import SMALL, sizes
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

METHODS = ("Face2Face", "Deepfakes", "FaceSwap", "NeuralTextures")
"""Ways of forging that training knows, by the names of the manifest's generators."""


class UCFMethod(Method):
    """Yan, Zhang, Fan and Wu 2023, "UCF: Uncovering Common Features for Generalizable Deepfake
    Detection".

    ``settings``: ``methods`` (names of the generators in training), ``side`` (of the example); for
    tests ``middle``, ``entry`` and ``thin`` (of both Xceptions).
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, **SMALL}

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the ways of forging; their numbers start at 1."""
        return tuple(self.settings.get("methods", METHODS))

    def network(self, pretrained: bool = False) -> nn.Module:
        """Both Xceptions. Raises MissingExtra or ModelError when their weights cannot be had."""
        return UCF(len(self.methods), pretrained, **sizes(self.settings))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Common and specific classification, reconstruction, contrast. Raises DataError.

        A batch holds reals and fakes in equal numbers; of more of one kind the rest is only
        classified.
        """
        if len(set(batch["label"].tolist())) < 2:
            raise DataError(
                "UCF learns from real and forged faces side by side, and a batch has one kind "
                "only. Set an even batch and leave balance = true in [settings]."
            )
        return ucf_loss(cast(UCF, network), batch, self.run(network, batch))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "UCF")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; reals and fakes in turn, of every method in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIZE))
        place = torch.arange(batch)
        return {
            "face": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (place % 2).float(),
            "method": (place % 2) * (1 + place // 2 % len(self.methods)),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Real and forged in turn; in training with the number of the way of forging."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        train = split == "train"
        if train:
            known = {item.generator for item in part if item.label}
            if strange := sorted(known - set(self.methods)):
                raise DataError(
                    f"UCF needs to know every way of forging. Leave {strange[0]!r} out with "
                    f"--where 'generator=!{strange[0]}', or add it to methods in [settings] of the "
                    f"recipe ({', '.join(self.methods)})."
                )
        targets = self.targets if train else None
        return Prepared(part, self.card.inputs, recipe, train=train, targets=targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``method``: 0 for a real face, else the number of the item's generator from 1 on."""
        number = 1 + self.methods.index(item.generator) if item.label else 0
        return {"method": np.array(number, np.int64)}
