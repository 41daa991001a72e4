"""FakeSound's detector as the research wing sees it (Xie et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.fakesound.convert import renamed
from unmask.detectors.audio.fakesound.model import RATE, FakeSound, Shape, targets
from unmask.nn.speech import TINY_ONE, SpeechFront
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod

_SHARE = 0.1


class FakeSoundMethod(SoundMethod):
    """Which moments of a sound were made; with a classifier of the whole or without.

    ``settings``: ``share`` (of the whole's loss), ``shape`` (fields of ``Shape``, for small
    networks), ``backbone_config`` (values of the encoder's configuration to change; such an
    encoder has no published weights).
    """

    variants = ("moments", "moments+whole")
    small: ClassVar[Mapping[str, Any]] = {
        "length": 4000,
        "backbone_config": TINY_ONE,
        "shape": {"wide": 16, "blocks": 1, "width": 16, "heads": 2, "hidden": 16},
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises MissingExtra, ModelError when weights cannot be had."""
        changed = dict(self.settings.get("backbone_config") or {})
        front = SpeechFront("wavlm-large", pretrained, changed)
        shape = Shape(**(self.settings.get("shape") or {}))
        return FakeSound(front, self.variant.endswith("whole"), shape)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy of the moments, and of the whole where it has a classifier.

        A forged sound whose stretches are not known counts as forged throughout.
        """
        outputs = self.run(network, batch)
        moments, label = outputs["moments"], batch["label"].to(outputs["moments"])
        step = self.length / RATE / moments.shape[1]
        segments = batch.get("segments")
        if segments is None:
            wanted = label[:, None].expand_as(moments)
        else:
            wanted = targets(segments.to(moments), moments.shape[1], step)
        loss = F.binary_cross_entropy_with_logits(moments, wanted)
        parts = {"moments": loss.item()}
        if self.variant.endswith("whole"):
            share = float(self.settings.get("share", _SHARE))
            whole = F.binary_cross_entropy_with_logits(outputs["logit"], label)
            loss, parts["whole"] = (1 - share) * loss + share * whole, whole.item()
        return loss, parts

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' best.pt on WavLM. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), f"fakesound ({self.variant})")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, every second one forged in its second half."""
        made = super().example(batch, seed)
        seconds = self.length / RATE
        stretch = torch.tensor([seconds / 2, seconds])
        none = torch.full((2,), -1.0)
        rows = [stretch if one else none for one in made["label"].tolist()]
        return {**made, "segments": torch.stack(rows)[:, None]}
