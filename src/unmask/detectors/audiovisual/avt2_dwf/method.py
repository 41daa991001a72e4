"""AVT2-DWF as the research wing sees it (2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audiovisual.avt2_dwf.convert import renamed
from unmask.detectors.audiovisual.avt2_dwf.model import CEPSTRA, Avt2Dwf, Shape
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class Avt2DwfMethod(Method):
    """A second of a face at 30 frames, and its sound.

    ``settings``: ``backbone_config`` (fields of ``Shape``, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "frames": 4,
            "side": 16,
            "width": 16,
            "depth": 2,
            "heads": 2,
            "head": 8,
            "hidden": 24,
            "fusion_hidden": 12,
        }
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.shape = Shape(**(self.settings.get("backbone_config") or {}))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors train it from random weights; there is none to load."""
        return Avt2Dwf(self.shape)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        loss = F.cross_entropy(self.run(network, batch)["classes"], batch["label"].long())
        return loss, {"loss": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Encoders by the authors' names, the fusion by ours. Raises ModelError for another."""
        return fitted(self.network(), renamed(checkpoint), "avt2_dwf")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels that take turns."""
        rng = torch.Generator().manual_seed(seed)
        frames, side = self.shape.frames, self.shape.side
        return {
            "video": torch.rand(batch, frames, 3, side, side, generator=rng) * 255,
            "sound": torch.randn(batch, self._samples, generator=rng) * 0.1,
            "label": (torch.arange(batch) % 2).float(),
        }

    @property
    def _samples(self) -> int:
        """Samples of as many windows as there are frames, to whole frames of 30 a second."""
        return -(-self.shape.frames * CEPSTRA.rate // 30)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of a face and the sound of the same time."""
        from unmask.datasets.samples import Prepared

        side, shapes = self.shape.side, {}
        shapes["video"] = ["batch", self.shape.frames, 3, side, side]
        shapes["sound"] = ["batch", self._samples]
        inputs = [part.model_copy(update={"shape": shapes[part.name]}) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
