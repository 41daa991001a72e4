"""ExposeAnyone as the research wing sees it (2026)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.audiovisual.expose_anyone.model import ExposeAnyone, Shape, noised
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe


class ExposeAnyoneMethod(Method):
    """Two seconds of a face and its voice; people at large first, then one person.

    ``general`` learns how faces move to voices; ``personal``, begun from a run of the first, learns
    what one person adds and nothing else. Neither looks at forged videos. ``settings``: ``side``,
    ``shape`` (fields of ``Shape``), for small networks.
    """

    variants = ("general", "personal")
    small: ClassVar[Mapping[str, Any]] = {
        "side": 32,
        "shape": {"frames": 8, "curves": 6, "width": 16, "heads": 2, "layers": 2},
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.shape = Shape(**(self.settings.get("shape") or {}))
        self.side = int(self.settings.get("side", 64))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network; there are no weights to start from."""
        return ExposeAnyone(self.shape, self.variant == "personal")

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """How far noise of a drawn level is missed on real videos; forged ones do not count."""
        model = cast(ExposeAnyone, network)
        curves, voice = model.features(*(batch[name] for name in self.inputs))
        noise, level = torch.randn_like(curves), torch.rand(len(curves), device=curves.device)
        found = model.denoise(noised(curves, noise, level), voice, level, model.personal)
        real = (batch["label"] < 0.5).to(curves)
        missed = ((found - noise).square().mean((1, 2)) * real).sum() / real.sum().clamp(min=1)
        return missed, {"missed": missed.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit."""
        return fitted(self.network(), checkpoint, f"expose_anyone ({self.variant})")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels that take turns."""
        rng = torch.Generator().manual_seed(seed)
        frames = self.shape.frames
        return {
            "video": torch.rand(batch, frames, 3, self.side, self.side, generator=rng) * 255,
            "sound": torch.randn(batch, 640 * frames, generator=rng) * 0.1,
            "label": (torch.arange(batch) % 2).float(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips of a face and the sound of the same time."""
        from unmask.datasets.samples import Prepared

        frames, side = self.shape.frames, self.side
        shapes = {"video": ["batch", frames, 3, side, side], "sound": ["batch", 640 * frames]}
        inputs = [part.model_copy(update={"shape": shapes[part.name]}) for part in self.card.inputs]
        return Prepared(manifest.select(split=split), inputs, recipe, train=split == "train")
