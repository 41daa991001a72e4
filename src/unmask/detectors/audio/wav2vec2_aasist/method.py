"""AASIST on a speech encoder as the research wing sees it (Tak et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audio.wav2vec2_aasist.convert import renamed
from unmask.detectors.audio.wav2vec2_aasist.model import SpeechAasist
from unmask.detectors.audio.wav2vec2_aasist.rawboost import boosted
from unmask.nn.speech import TINY_ONE, speech_encoder
from unmask.train.method import Batch, Outputs, fitted
from unmask.train.sound_method import SoundMethod

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

_FRONTS = {"wav2vec2": "xls-r-300m", "wavlm": "wavlm-large"}


class Wav2vec2AasistMethod(SoundMethod):
    """AASIST's graphs on wav2vec 2.0 XLS-R, or on WavLM, with RawBoost in training.

    ``settings``: ``class_weights`` (of real and forged in the loss), ``rawboost`` (a kind of
    ``rawboost.KINDS``); for small networks ``backbone_config`` (values of the speech encoder's
    configuration to change; such an encoder has no published weights), ``depth`` and ``branches``
    (as ``SpeechReadout``).
    """

    variants = tuple(_FRONTS)
    small: ClassVar[Mapping[str, Any]] = {
        "length": 4000,
        "backbone_config": TINY_ONE,
        "depth": 2,
        "branches": 1,
    }
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """The variant's network. Raises MissingExtra, ModelError when weights cannot be had."""
        changed = dict(self.settings.get("backbone_config") or {})
        return SpeechAasist(
            speech_encoder(_FRONTS[self.variant], pretrained, changed),
            *self.graphs,
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones."""
        loss = self.weighted(self.run(network, batch)["classes"], batch)
        return loss, {"loss": loss.item()}

    def score(self, outputs: Outputs) -> Tensor:
        """The authors rank by the score of bona fide alone; here with the sign turned."""
        return -outputs["classes"][:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' file, with fairseq's names. Raises ModelError for another."""
        return fitted(self.network(), renamed(checkpoint), f"wav2vec2_aasist ({self.variant})")

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Stretches of ``length``, in training with RawBoost."""
        plain = super().samples(manifest, split, recipe)
        kind = str(self.settings.get("rawboost", "none"))
        return plain if split != "train" else Boosted(plain, kind, recipe.seed)


class Boosted(Dataset[Batch]):
    """Entries of another dataset under RawBoost; entry *i* depends on (seed, i) alone."""

    def __init__(self, plain: Any, kind: str, seed: int) -> None:
        self.plain, self.kind, self.seed = plain, kind, seed

    def __len__(self) -> int:
        return len(self.plain)

    def __getitem__(self, index: int) -> Batch:
        entry: Batch = dict(self.plain[index])
        rng = np.random.default_rng([self.seed, index, 2])
        sound = boosted(entry["sound"].numpy(), self.kind, rng)
        return {**entry, "sound": torch.from_numpy(np.asarray(sound, np.float32))}
