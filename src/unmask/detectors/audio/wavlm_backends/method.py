"""WavLM's back ends as the research wing sees them (Stourbe et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.wavlm_backends.convert import renamed
from unmask.detectors.audio.wavlm_backends.model import BACKENDS, WavLmBackend
from unmask.nn.speech import TINY, SpeechFront
from unmask.nn.whisper import NAME as WHISPER
from unmask.nn.whisper import WhisperFront
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod


class WavLmBackendsMethod(SoundMethod):
    """MHFA, attentive statistics or a mean over all layers of WavLM.

    ``settings``: ``encoder`` (a name of ``nn.speech.ENCODERS``, or of ``nn.whisper``, whose encoder
    stands still always), ``frozen`` (whether the encoder
    stands still), ``slowed`` (its share of the gradient), ``backbone_config`` (values of its
    configuration to change, for small ones; such an encoder has no published weights).
    """

    variants = tuple(BACKENDS)
    small: ClassVar[Mapping[str, Any]] = {"length": 4000, "backbone_config": TINY}
    judged_as_trained = True
    frozen = "front.forward"

    def network(self, pretrained: bool = False) -> nn.Module:
        """The variant's network. Raises MissingExtra, ModelError when weights cannot be had."""
        return WavLmBackend(
            self._front(pretrained), self.variant, float(self.settings.get("slowed", 0.1))
        )

    def _front(self, pretrained: bool) -> SpeechFront | WhisperFront:
        name = str(self.settings.get("encoder", "wavlm-base"))
        if name == WHISPER:
            return WhisperFront(self.length, pretrained)
        changed = dict(self.settings.get("backbone_config") or {})
        return SpeechFront(name, pretrained, changed, bool(self.settings.get("frozen", False)))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        loss = F.cross_entropy(self.run(network, batch)["classes"], batch["label"].long())
        return loss, {"loss": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A checkpoint of the toolkit. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), f"wavlm_backends ({self.variant})")
