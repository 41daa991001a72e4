"""TALL as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.video.tall.convert import from_official
from unmask.detectors.video.tall.model import FRAMES, SIDE, TALL
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SMOOTHING = 0.1
HOLE = 16


class TALLMethod(Method):
    """Xu, Liang, Jia, Yang, Zhang and He 2023, "TALL: Thumbnail Layout for Deepfake Video
    Detection".

    ``settings``: ``smoothing`` (of labels), ``hole`` (side of the masked square in pixels), and
    ``width``, ``depths`` and ``heads`` of the transformer, Swin-B's unless given.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "width": 16,
        "depths": (2, 1, 1, 1),
        "heads": (1, 1, 2, 2),
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """Swin-B. Raises MissingExtra or ModelError when its weights cannot be had."""
        sizes = {n: self.settings[n] for n in ("width", "depths", "heads") if n in self.settings}
        return TALL(pretrained, **sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy with smoothed labels."""
        logit = self.run(network, batch)["logit"]
        smoothing = float(self.settings.get("smoothing", SMOOTHING))
        target = batch["label"].to(logit.dtype) * (1 - smoothing) + smoothing / 2
        loss = F.binary_cross_entropy_with_logits(logit, target)
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "TALL")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        return {
            "frames": torch.rand((batch, FRAMES, 3, SIDE, SIDE), generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of four frames; in training a part of them, with a hole."""
        from unmask.detectors.video.tall.sampling import Masked

        whole = super().samples(manifest, split, recipe)
        hole = int(self.settings.get("hole", HOLE))
        return Masked(whole, hole, recipe.seed) if split == "train" else whole
