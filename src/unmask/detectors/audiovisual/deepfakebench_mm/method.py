"""The baseline of DeepfakeBench-MM as the research wing sees it (2025)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audiovisual.deepfakebench_mm.convert import renamed
from unmask.detectors.audiovisual.deepfakebench_mm.model import MultimodalBaseline
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class DeepfakeBenchMmMethod(Method):
    """A second of a face and its sound.

    ``settings``: ``frames``, ``side``, ``width`` (of the features) and ``blocks`` (of the stages),
    all for small networks; of the sound there are 640 samples a frame.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "frames": 4,
        "side": 32,
        "width": 16,
        "blocks": (1, 1),
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors train it from random weights; there is none to load."""
        sizes = {name: self.settings[name] for name in ("width", "blocks") if name in self.settings}
        return MultimodalBaseline(**sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the classes -z and z, which is that of the log-odds 2 z."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit))
        return loss, {"loss": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' file. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "deepfakebench_mm")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels that take turns."""
        rng = torch.Generator().manual_seed(seed)
        (_, frames, _, side, _), (_, samples) = self._shapes()
        return {
            "video": torch.rand(batch, frames, 3, side, side, generator=rng) * 255,
            "sound": torch.randn(batch, samples, generator=rng) * 0.1,
            "label": (torch.arange(batch) % 2).float(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of a face and the sound of the same second."""
        from unmask.datasets.samples import Prepared

        inputs = [
            part.model_copy(update={"shape": ["batch", *shape[1:]]})
            for part, shape in zip(self.card.inputs, self._shapes(), strict=True)
        ]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")

    def _shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of frames and sound; the batch is 0."""
        frames = int(self.settings.get("frames", 25))
        side = int(self.settings.get("side", 224))
        return (0, frames, 3, side, side), (0, 640 * frames)
