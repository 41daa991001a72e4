"""RawNet2 as the research wing sees it (Tak et al. 2021; Frank and Schönherr 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audio.rawnet2.convert import renamed
from unmask.detectors.audio.rawnet2.model import LENGTH, RawNet2, Shape
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class RawNet2Method(Method):
    """RawNet2 on raw sound.

    ``settings``: ``class_weights`` (of real and forged in the loss), ``length`` (samples of a clip,
    where not the card's) and ``backbone_config`` (fields of ``Shape``, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "length": 16000,
        "backbone_config": {"late": 16, "gru": 16, "layers": 2, "readout": 12},
    }
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Nothing is pre-trained, in the paper as here."""
        return RawNet2(Shape(**(self.settings.get("backbone_config") or {})))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones."""
        classes = self.run(network, batch)["classes"]
        weights = torch.tensor(self.settings.get("class_weights", (0.9, 0.1)))
        loss = F.nll_loss(classes, batch["label"].long(), weight=weights.to(classes))
        return loss, {"loss": loss.item()}

    def score(self, outputs: Outputs) -> Tensor:
        """The authors rank by the log-probability of bona fide; here with the sign turned."""
        return -outputs["classes"][:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The baseline's checkpoint. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "rawnet2")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of a clip's length, and labels that take turns."""
        length = int(self.settings.get("length") or LENGTH)
        sound = torch.randn(batch, length, generator=torch.Generator().manual_seed(seed)) * 0.1
        return {"sound": sound, "label": (torch.arange(batch) % 2).float()}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of ``length``."""
        from unmask.datasets.samples import Prepared

        shape = {"shape": ["batch", int(self.settings.get("length") or LENGTH)]}
        inputs = [part.model_copy(update=shape) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
