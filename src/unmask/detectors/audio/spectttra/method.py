"""SpecTTTra as the research wing sees it (Rahman et al. 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audio.spectttra.convert import renamed
from unmask.detectors.audio.spectttra.model import Shape, SpecTTTra
from unmask.detectors.audio.spectttra.spectrum import RATE, hidden, mixed
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

LENGTH = 120 * RATE
_SLICES = {"alpha": (3, 1), "beta": (5, 3), "gamma": (7, 5)}
"""Columns and rows of the spectrogram that make a token."""


class SpecTTTraMethod(Method):
    """SpecTTTra for songs of two minutes, in its three grains (alpha is the finest).

    ``settings``: ``smoothing`` (of labels), ``mixup`` (chance and strength), ``hide`` (chance that
    bands of the spectrogram are hidden in training), ``length`` (samples of a stretch) and
    ``backbone_config`` (fields of ``Shape``), both for small networks.
    """

    variants = tuple(_SLICES)
    small: ClassVar[Mapping[str, Any]] = {
        "length": 40960,
        "backbone_config": {"frames": 72, "width": 24, "layers": 2, "heads": 3},
    }
    judged_as_trained = True

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors train it from random weights; there is none to load."""
        changed = dict(self.settings.get("backbone_config") or {})
        return SpecTTTra(Shape(**changed), *_SLICES[self.variant])

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Binary cross-entropy with smoothed labels; in training parts are mixed and hidden."""
        model, label = cast(SpecTTTra, network), batch["label"]
        spectrum = model.spectrum(batch["sound"])
        label = label.to(spectrum)
        if network.training:
            chance, strength = self.settings.get("mixup", (0.5, 2.5))
            spectrum, label = mixed(spectrum, label, chance, strength)
            spectrum = hidden(spectrum, float(self.settings.get("hide", 0.5)))
        smooth = float(self.settings.get("smoothing", 0.02))
        logit = model.read(spectrum)["logit"]
        target = label * (1 - smooth) + 0.5 * smooth
        loss = F.binary_cross_entropy_with_logits(logit, target)
        return loss, {"bce": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' file of the variant. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), f"spectttra ({self.variant})")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of a stretch's length, and labels that take turns."""
        rng = torch.Generator().manual_seed(seed)
        length = int(self.settings.get("length") or LENGTH)
        sound = torch.randn(batch, length, generator=rng) * 0.1
        return {"sound": sound, "label": (torch.arange(batch) % 2).float()}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Stretches of ``length``."""
        from unmask.datasets.samples import Prepared

        shape = {"shape": ["batch", int(self.settings.get("length") or LENGTH)]}
        inputs = [part.model_copy(update=shape) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
