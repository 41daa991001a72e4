"""DiMoDif as the research wing sees it (2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audiovisual.ba_tfd_plus.proposals import MOST
from unmask.detectors.audiovisual.dimodif.loss import total_loss
from unmask.detectors.audiovisual.dimodif.model import FPS, DiMoDif, Shape
from unmask.detectors.audiovisual.dimodif.proposals import proposals
from unmask.nn.speech import TINY_ONE, SpeechFront
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class DiMoDifMethod(Method):
    """Four seconds of a face and its voice.

    ``settings``: ``encoder`` (of ``nn.speech.ENCODERS``), ``frames``, ``side``, ``shape`` (fields
    of ``Shape``) and ``backbone_config`` (values of the speech encoder's configuration; such an
    encoder has no published weights), the last four for small networks.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "frames": 8,
        "side": 24,
        "shape": {
            "lips": 16,
            "width": 16,
            "heads": 2,
            "layers": 1,
            "reach": 3,
            "shift": 1,
            "trunk": (1, 2),
        },
        "backbone_config": TINY_ONE,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network; ``pretrained``: the speech encoder has its weights, lips have none.

        Raises MissingExtra, ModelError when they cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        speech = SpeechFront(
            str(self.settings.get("encoder", "wavlm-base-plus")), pretrained, changed
        )
        return DiMoDif(speech, Shape(**(self.settings.get("shape") or {})))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Moments, edges and the whole."""
        outputs = self.run(network, batch)
        segments = batch.get("segments")
        if segments is None:
            # Nothing is known but the class: a forged video counts as forged throughout.
            whole = torch.tensor([0.0, outputs["moments"].shape[1] / FPS])
            rows = torch.where(batch["label"].cpu()[:, None] > 0.5, whole, -1.0)
            segments = rows[:, None].to(outputs["moments"])
        return total_loss(outputs, segments, batch["label"])

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit."""
        return fitted(self.network(), checkpoint, "dimodif")

    def completed(self, outputs: Outputs, batch: Batch) -> Outputs:
        """The outputs, and ``proposals`` (B, 101, 3): confidence, start and end in seconds."""
        rows = torch.zeros(len(outputs["logit"]), MOST, 3)
        chances, edges = outputs["moments"].float().sigmoid(), outputs["edges"].float()
        for row, chance, edge in zip(rows, chances, edges, strict=True):
            for place, found in enumerate(proposals(chance.cpu().numpy(), edge.cpu().numpy())):
                row[place] = torch.tensor([found.score, found.start, found.end])
        return {**outputs, "proposals": rows}

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; every second video is forged in its first half."""
        rng = torch.Generator().manual_seed(seed)
        frames, side = self._sizes
        label = (torch.arange(batch) % 2).float()
        half = torch.tensor([0.0, frames / FPS / 2])
        return {
            "video": torch.rand(batch, frames, 3, side, side, generator=rng) * 255,
            "sound": torch.randn(batch, 640 * frames, generator=rng) * 0.1,
            "label": label,
            "segments": torch.where(label[:, None] > 0, half, -1.0)[:, None],
        }

    @property
    def _sizes(self) -> tuple[int, int]:
        return int(self.settings.get("frames", 100)), int(self.settings.get("side", 96))

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of a face, the sound of the same time, and the stretches in it."""
        from unmask.datasets.samples import Prepared

        frames, side = self._sizes
        shapes = {"video": ["batch", frames, 3, side, side], "sound": ["batch", 640 * frames]}
        inputs = [part.model_copy(update={"shape": shapes[part.name]}) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
