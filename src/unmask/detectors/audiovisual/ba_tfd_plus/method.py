"""BA-TFD+ as the research wing sees it (Cai et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audiovisual.ba_tfd_plus.convert import renamed
from unmask.detectors.audiovisual.ba_tfd_plus.loss import fused_map_loss, total_loss
from unmask.detectors.audiovisual.ba_tfd_plus.model import FPS, SIDE, BaTfdPlus, Shape
from unmask.detectors.audiovisual.ba_tfd_plus.proposals import MOST, proposals
from unmask.detectors.audiovisual.ba_tfd_plus.sound import HOP, PER_FRAME
from unmask.errors import ModelError
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

WEIGHTS = {"frames": 2.0, "maps": 1.0, "contrast": 0.1, "margin": 0.99}
"""The authors' configuration batfd_plus_default.toml."""


class BaTfdPlusMethod(Method):
    """BA-TFD+.

    ``settings``: ``weights`` (of the parts of the loss, see ``WEIGHTS``), ``backbone_config``
    (fields of ``Shape``, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "frames": 16,
            "durations": 6,
            "samples": 4,
            "features": 24,
            "depths": (0, 1),
            "heads": (1, 2),
            "widths": (8, 32),
            "patch": 48,
            "sound_layers": 1,
            "sound_heads": 2,
            "sound_width": 32,
            "boundary": (24, 16),
        }
    }

    judged_as_trained = True
    selects = "-map_loss"
    shape_type: ClassVar[type[Any]] = Shape

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.shape = self.shape_type(**(self.settings.get("backbone_config") or {}))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network; the paper trains it from random weights, so there is nothing to fetch.

        Raises ModelError for ``pretrained``.
        """
        if pretrained:
            raise ModelError(
                "BA-TFD+ starts from random weights in its paper. Set init = 'random', or name a "
                "checkpoint."
            )
        return BaTfdPlus(self.shape)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Maps, frames and contrast of both senses."""
        weights = {**WEIGHTS, **self.settings.get("weights", {})}
        outputs = self.run(network, batch)
        return total_loss(outputs, batch["segments"], batch["changed"], batch["label"], weights)

    def measured(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """``map_loss``: that of the fused maps, which the authors' program watches."""
        return {"map_loss": fused_map_loss(outputs, batch["segments"])}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """batfd_plus_default.ckpt under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "ba_tfd_plus")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; every second video is forged in its first half, picture and sound."""
        rng = torch.Generator().manual_seed(seed)
        frames = self.shape.frames
        half = frames / FPS / 2
        label = (torch.arange(batch) % 2).float()
        segments = torch.where(label[:, None, None] > 0, torch.tensor([[0.0, half]]), -1.0)
        return {
            "video": torch.rand(batch, frames, 3, SIDE, SIDE, generator=rng) * 255,
            "sound": torch.randn(batch, frames * PER_FRAME * HOP, generator=rng) * 0.1,
            "label": label,
            "segments": segments,
            "changed": label[:, None].expand(batch, 2).clone(),
        }

    def completed(self, outputs: Outputs, batch: Batch) -> Outputs:
        """The outputs, and ``proposals`` (B, 101, 3): confidence, start and end in seconds.

        The surest come first; rows of zeros fill up what has fewer.
        """
        rows = torch.zeros(len(outputs["map"]), MOST, 3)
        for row, map_, frames in zip(rows, outputs["map"], batch["shown"].tolist(), strict=True):
            for place, found in enumerate(proposals(map_.float().numpy(), frames)):
                row[place] = torch.tensor([found.score, found.start, found.end])
        return {**outputs, "proposals": rows}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Videos from their start, black and silent after their end."""
        from unmask.detectors.audiovisual.ba_tfd_plus.clips import Clips

        part = manifest.select(split=split)
        return Clips(part, recipe, self.shape.frames, train=split == "train")
