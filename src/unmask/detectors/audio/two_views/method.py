"""Two views of speech as the research wing sees them (2025)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.audio.two_views.model import TwoViews
from unmask.errors import UnknownName
from unmask.nn.speech import TINY_ONE, SpeechFront
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod

SPECTRAL = {"lfcc": "lcnn", "mfcc": "mfcc", "imfcc": "imfcc"}
"""Cepstra by their usual names, and the shape of ``nn.cepstra`` that they have here."""


class TwoViewsMethod(SoundMethod):
    """A speech encoder and cepstra, fused in four ways, under AASIST's graphs.

    ``settings``: ``spectral`` (of ``SPECTRAL``), ``encoder`` (of ``nn.speech.ENCODERS``),
    ``frozen`` (whether it stands still), ``class_weights`` (of real and forged in the loss); for
    small networks ``backbone_config`` (values of its configuration to change; such an encoder has
    no published weights), ``depth`` and ``branches`` (as ``nn.stacked_graphs.SpeechReadout``).
    """

    variants = ("cross", "mutual", "concat", "gate")
    small: ClassVar[Mapping[str, Any]] = {
        "length": 4000,
        "backbone_config": {
            **TINY_ONE,
            "conv_dim": (8,),
            "conv_kernel": (80,),
            "conv_stride": (80,),
        },
        "depth": 1,
        "branches": 1,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises UnknownName, MissingExtra, ModelError (weights)."""
        spectral = str(self.settings.get("spectral", "lfcc"))
        if spectral not in SPECTRAL:
            raise UnknownName("spectral view", spectral, tuple(SPECTRAL))
        front = SpeechFront(
            str(self.settings.get("encoder", "xls-r-300m")),
            pretrained,
            dict(self.settings.get("backbone_config") or {}),
            frozen=bool(self.settings.get("frozen", False)),
        )
        return TwoViews(
            front,
            SPECTRAL[spectral],
            self.variant,
            *self.graphs,
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones."""
        loss = self.weighted(self.run(network, batch)["classes"], batch)
        return loss, {"loss": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit."""
        return fitted(self.network(), checkpoint, f"two_views ({self.variant})")
