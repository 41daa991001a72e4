"""RawGAT-ST as the research wing sees it (Tak et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.audio.rawgat_st.convert import renamed
from unmask.detectors.audio.rawgat_st.model import WIDTHS, RawGatSt
from unmask.train.method import Batch, Outputs, fitted
from unmask.train.sound_method import SoundMethod


class RawGatStMethod(SoundMethod):
    """RawGAT-ST; its two graphs multiplied (the paper's best), added or laid side by side.

    ``settings``: ``class_weights`` (of real and forged in the loss), ``length`` (samples of a
    stretch, where not the card's; the temporal graph has a node for each 2,187 of them), ``widths``
    (channels before and after each block of the encoders, for small ones; each block folds three
    moments into one).
    """

    variants = ("mul", "add", "cat")
    small: ClassVar[Mapping[str, Any]] = {"length": 2000, "widths": (1, 8, 16, 16)}
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Nothing is pre-trained, in the paper as here."""
        widths = tuple(self.settings.get("widths", WIDTHS))
        return RawGatSt(self.variant, (self.length - 128) // 3 ** len(widths), widths)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, real voices weighing nine times as much as forged ones."""
        loss = self.weighted(self.run(network, batch)["classes"], batch)
        return loss, {"loss": loss.item()}

    def score(self, outputs: Outputs) -> Tensor:
        """The authors rank by the score of bona fide alone; here with the sign turned."""
        return -outputs["classes"][:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' Best_epoch.pth of the variant. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), f"rawgat_st ({self.variant})")
