"""LFCC-GMM as the research wing sees it (Frank and Schönherr 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from unmask.detectors.audio.lfcc_gmm.convert import renamed
from unmask.detectors.audio.lfcc_gmm.front import WIDTHS, front
from unmask.detectors.audio.lfcc_gmm.model import LfccGmm
from unmask.nn.mixture import Mixture
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod

_COMPONENTS = {"wavefake": 128, "asvspoof2021": 512}


class LfccGmmMethod(SoundMethod):
    """Two mixtures of Gaussians over linear cepstra.

    Each is laid on frames of its class in the first batch that has any, and goes on by gradients.
    ``settings``: ``components`` (of each mixture), ``maximise`` (``iterations`` and ``restarts`` of
    expectation maximisation on that first batch; without it means are drawn), ``maximised``
    (whether the authors' checkpoint is of expectation maximisation).
    """

    variants = tuple(_COMPONENTS)
    small: ClassVar[Mapping[str, Any]] = {"components": 4, "length": 8000}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network: its mixtures stand nowhere until the first batch of a training."""
        count = int(self.settings.get("components") or _COMPONENTS[self.variant])
        return LfccGmm(front(self.variant), WIDTHS[self.variant], count)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Each mixture's negative log-likelihood of the frames of its class."""
        model = cast(LfccGmm, network)
        frames, labels = model.front(batch["sound"]), batch["label"]
        total, parts = frames.new_zeros(()), {}
        for side, (name, mixture) in enumerate((("real", model.real), ("forged", model.forged))):
            own = frames[labels == side].flatten(0, 1)
            if network.training and len(own) and not model.started[side]:
                self._start(mixture, own)
                model.started[side] = 1
            # Without frames the gradient is 0, not missing: parameters of all steps are alike.
            nll = -mixture(own).mean() if len(own) else 0 * mixture(frames[:1]).sum()
            total, parts[name] = total + nll, nll.item()
        return total, parts

    def _start(self, mixture: Mixture, frames: Tensor) -> None:
        """Lay a mixture on frames; of several processes the first one's place holds."""
        how = self.settings.get("maximise")
        if how:
            mixture.maximise(frames, int(how["iterations"]), restarts=int(how.get("restarts", 1)))
        else:
            mixture.place(frames)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            for value in mixture.parameters():
                torch.distributed.broadcast(value.data, 0)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Both mixtures of WaveFake's program in one file. Raises ModelError for another."""
        theirs = renamed(checkpoint, bool(self.settings.get("maximised")))
        return fitted(self.network(), theirs, f"lfcc_gmm ({self.variant})")
