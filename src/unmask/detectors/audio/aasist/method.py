"""AASIST as the research wing sees it (Jung et al. 2022; Tak et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audio.aasist.convert import renamed
from unmask.detectors.audio.aasist.model import LENGTH, Aasist, SpeechAasist
from unmask.nn.speech import speech_encoder
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

_FRONTS = {"wav2vec2": "xls-r-300m", "wavlm": "wavlm-large"}


class AasistMethod(Method):
    """AASIST, its light form, and the same graphs on wav2vec 2.0 XLS-R or WavLM.

    ``settings``: ``class_weights`` (of real and forged in the loss), ``length`` (samples of a clip,
    where not the card's: in training, in protocols and in the exported model), ``backbone_config``
    (values of the speech encoder's configuration to change, for small ones; such an encoder has no
    published weights).
    """

    variants = ("aasist", "aasist-l", "wav2vec2", "wavlm")
    small: ClassVar[Mapping[str, Any]] = {"length": 16000}
    judged_as_trained = True
    selects = "-eer"

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.length = int(self.settings.get("length") or LENGTH)

    def network(self, pretrained: bool = False) -> nn.Module:
        """The variant's network. On raw sound nothing is pre-trained, in the paper as here.

        Raises MissingExtra, ModelError when the speech encoder's weights cannot be had.
        """
        if self.variant == "aasist":
            return Aasist()
        if self.variant == "aasist-l":
            return Aasist(channels=24, graph=24, keep=(0.4, 0.5, 0.7))
        changed = dict(self.settings.get("backbone_config") or {})
        front = speech_encoder(_FRONTS[self.variant], pretrained, changed)
        return SpeechAasist(front, front.config.hidden_size)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones (section 3.2)."""
        classes = self.run(network, batch)["classes"]
        weights = torch.tensor(self.settings.get("class_weights", (0.9, 0.1)))
        loss = F.cross_entropy(classes, batch["label"].long(), weight=weights.to(classes))
        return loss, {"loss": loss.item()}

    def score(self, outputs: Outputs) -> Tensor:
        """The authors rank by the score of bona fide alone; here with the sign turned."""
        return -outputs["classes"][:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """AASIST.pth, AASIST-L.pth or one on wav2vec 2.0. Raises ModelError for another."""
        return fitted(self.network(), renamed(checkpoint), f"aasist ({self.variant})")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of a clip's length, and labels that take turns."""
        sound = torch.randn(batch, self.length, generator=torch.Generator().manual_seed(seed)) * 0.1
        return {"sound": sound, "label": (torch.arange(batch) % 2).float()}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of ``length``."""
        from unmask.datasets.samples import Prepared

        shape = {"shape": ["batch", self.length]}
        inputs = [part.model_copy(update=shape) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
