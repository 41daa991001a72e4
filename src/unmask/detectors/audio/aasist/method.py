"""AASIST as the research wing sees it (Jung et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.audio.aasist.model import LENGTH, Aasist
from unmask.nn.stacked_names import graph_names
from unmask.train.method import Batch, Outputs, fitted
from unmask.train.sound_method import SoundMethod

__all__ = ["LENGTH", "AasistMethod"]


class AasistMethod(SoundMethod):
    """AASIST, its light form, and AASIST as the baseline of ASVspoof 5 trains it.

    ``settings``: ``class_weights`` (of real and forged in the loss), ``length`` (samples of a clip,
    where not the card's: in training, in protocols and in the exported model), ``depth`` and
    ``branches`` (as ``nn.stacked_graphs.SpeechReadout``).
    """

    variants = ("aasist", "aasist-l", "asvspoof5")
    small: ClassVar[Mapping[str, Any]] = {"length": 3000, "depth": 2, "branches": 1}
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """The variant's network. Nothing is pre-trained, in the paper as here."""
        if self.variant == "aasist-l":
            return Aasist(24, 24, (0.4, 0.5, 0.7), graphs=self.graphs)
        return Aasist(graphs=self.graphs)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones (section 3.2)."""
        loss = self.weighted(self.run(network, batch)["classes"], batch)
        return loss, {"loss": loss.item()}

    def score(self, outputs: Outputs) -> Tensor:
        """The authors rank by the score of bona fide alone; here with the sign turned."""
        return -outputs["classes"][:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """AASIST.pth, AASIST-L.pth or the baseline's best.pth. Raises ModelError for another."""
        return fitted(self.network(), graph_names(checkpoint), f"aasist ({self.variant})")
