"""LSDA as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.lsda.convert import from_official
from unmask.detectors.image.lsda.latent import mixed, varied
from unmask.detectors.image.lsda.loss import distillation, person, weighed
from unmask.detectors.image.lsda.model import BACKBONE, LSDA
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
MOVED = ("Face2Face", "NeuralTextures")
_TRAINING = ("teachers.", "real.", "domains.", "fuse.")


class LSDAMethod(FaceMethod):
    """Yan, Luo, Lyu, Liu and Wu 2024, "Transcending Forgery Specificity with Latent Space
    Augmentation for Generalizable Deepfake Detection".

    ``settings``: ``methods`` (names of the generators in training, each with a teacher), ``moved``
    (those of them that leave the person who they are); for tests ``backbone`` and ``side``.
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, "backbone": "test_efficientnet"}

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the ways of forging, in the order of the teachers."""
        return tuple(self.settings.get("methods", METHODS))

    def network(self, pretrained: bool = False) -> nn.Module:
        """All encoders. Raises MissingExtra, ModelError when weights cannot be had."""
        backbone = str(self.settings.get("backbone", BACKBONE))
        return LSDA(len(self.methods), pretrained, backbone)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Domains, both classes, the student's lessons and the person (section 3.4)."""
        body, group = cast(LSDA, network), batch["group"]
        real, forged = body.taught(group)
        fused = body.fused(varied(forged), mixed(forged))
        flat = body.student(body.pixels(group.flatten(0, 1)))
        student = flat.unflatten(0, group.shape[:2])
        domain = torch.arange(group.shape[1], device=group.device).repeat(len(group))
        seen = torch.cat([real[:, :1], forged], 1).flatten(0, 1)
        moved = set(self.settings.get("moved", MOVED))
        maps = dict(zip(self.methods, real.unbind(1)[1:], strict=True))
        parts = {
            "domain": F.cross_entropy(body.domains(seen), domain),
            "binary": F.cross_entropy(body.binary(flat), (domain > 0).long()),
            "distillation": distillation(student, real[:, 0], fused),
            "person": person(
                real[:, 0],
                [value for name, value in maps.items() if name in moved],
                [value for name, value in maps.items() if name not in moved],
            ),
        }
        return weighed(parts), {name: float(value.detach()) for name, value in parts.items()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's student; teachers stay as they are, since only training asks them.

        Raises ModelError when it does not fit.
        """
        return fitted(self.network(), from_official(checkpoint), "LSDA", _TRAINING)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels in turn; groups of noise for training."""
        rng = torch.Generator().manual_seed(seed + 1)
        size = (batch, len(self.methods) + 1, 3, self.side, self.side)
        return super().example(batch, seed) | {"group": torch.rand(size, generator=rng) * 255}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces; in training groups of them."""
        if split != "train":
            return super().samples(manifest, split, recipe)
        from unmask.detectors.image.lsda.groups import Groups

        return Groups(manifest.select(split=split), self.card.inputs, recipe, self.methods)
