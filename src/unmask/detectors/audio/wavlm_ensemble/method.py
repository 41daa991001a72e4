"""The ensemble of WavLM encoders as the research wing sees it (Combei et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from torch import Tensor, nn

from unmask.detectors.audio.wavlm_ensemble.convert import renamed
from unmask.detectors.audio.wavlm_ensemble.loss import regressions
from unmask.detectors.audio.wavlm_ensemble.model import WavLmEnsemble
from unmask.errors import ModelError
from unmask.nn.speech import ENCODERS, TINY, speech_encoder
from unmask.train.backbones import transformers_model
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod

MEMBERS = (
    "microsoft/wavlm-base",
    "DavidCombei/wavLM-base-DeepFake_UTCN",
    "DavidCombei/wavLM-base-UTCN",
    "DavidCombei/wavLM-base-UTCN_114k",
)
"""WavLM-Base as it is, and as the authors fine-tuned it on three growing sets."""


class WavLmEnsembleMethod(SoundMethod):
    """Four WavLM-Base encoders, a logistic regression on each, and one on their scores.

    ``settings``: ``members`` (names of weights at the hub, each of WavLM-Base's shape),
    ``strength`` (C of the regressions), ``items`` (how many entries the training has, for C),
    ``backbone_config`` (values of the encoders' configuration to change, for small ones; such
    encoders have no published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "length": 4000,
        "backbone_config": TINY,
        "members": MEMBERS[:2],
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises MissingExtra, ModelError when weights cannot be had."""
        names = tuple(self.settings.get("members") or MEMBERS)
        changed = dict(self.settings.get("backbone_config") or {})
        if pretrained and changed:
            raise ModelError(
                "There are no weights for a changed backbone_config; leave the setting out, or "
                "start without pre-trained weights."
            )
        encoders = [speech_encoder("wavlm-base", changed=changed) for _ in names]
        width = int(encoders[0].config.hidden_size)
        if pretrained:
            kind = f"{ENCODERS['wavlm-base'].kind}Model"
            encoders = [
                transformers_model(kind, name, encoder.config)
                for name, encoder in zip(names, encoders, strict=True)
            ]
        return WavLmEnsemble(encoders, width)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Every regression by its own loss."""
        model = cast(WavLmEnsemble, network)
        members = self.run(network, batch)["members"]
        strength = float(self.settings.get("strength", 1e3))
        items = int(self.settings.get("items", 27000))
        single, joint = regressions(model, members, batch["label"].to(members), strength, items)
        return single + joint, {"members": single.item(), "fused": joint.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Encoders and classifiers in one file, see ``convert``. Raises ModelError for another."""
        return fitted(self.network(), renamed(checkpoint), "wavlm_ensemble")
