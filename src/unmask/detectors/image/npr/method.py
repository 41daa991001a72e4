"""NPR as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.npr.convert import from_official
from unmask.detectors.image.npr.model import NPR, SIZE
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class NPRMethod(Method):
    """Tan, Zhao, Wei, Gu, Liu and Wei 2024, "Rethinking the Up-Sampling Operations …".

    ``settings``: ``crop`` (side of the part that training takes of a picture), ``side`` (of the
    example's pictures).
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors train it from random weights; there is none to load."""
        return NPR()

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "NPR")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        side = int(self.settings.get("side", SIZE))
        return noise_batch("picture", side, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures; in training a random part of ``crop`` pixels a side."""
        whole = super().samples(manifest, split, recipe)
        crop = int(recipe.settings.get("crop", SIZE))
        return Cropped(whole, crop, recipe.seed) if split == "train" else whole


class Cropped(Dataset[Batch]):
    """A random square of ``side`` pixels of each picture, and its label.

    Other targets of the whole picture would not hold. Item *i* depends on (seed, i) alone.
    """

    def __init__(self, base: Dataset[Batch], side: int, seed: int) -> None:
        self.base = base
        self.side = side
        self.seed = seed

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        whole = self.base[index]
        picture = whole["picture"]
        rng = torch.Generator().manual_seed(self.seed * 2_000_003 + index)
        spare = [int(size) - self.side + 1 for size in picture.shape[-2:]]
        top, left = (int(torch.randint(room, (), generator=rng)) for room in spare)
        cut = picture[..., top : top + self.side, left : left + self.side]
        return {"picture": cut.contiguous(), "label": whole["label"]}
