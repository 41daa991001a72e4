"""QAD as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.qad.loss import SIGMA, WEIGHTS, Forward, at, dependence, uphill
from unmask.detectors.image.qad.model import QAD, SIZE
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

QUALITIES = ("raw", "c23", "c40")


class QADMethod(Method):
    """Le and Woo 2023, "Quality-Agnostic Deepfake Detection with Intra-model Collaborative
    Learning".

    ``settings``: ``qualities`` (conditions of the manifest that stand side by side; the first is
    the best), ``jpeg`` (instead: qualities at which faces are saved again), ``dependence``,
    ``stages`` and ``sigma`` (weights and width of the criterion), ``perturbation`` and
    ``perturbed_from`` (strength of the step in the weights, and the batch from which on it is
    taken), ``layers``, ``channels`` and ``side`` (of the network and the example).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "layers": (1, 1, 1, 1),
        "channels": (8, 8, 16, 16),
        "side": 64,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A ResNet-50. Raises MissingExtra or ModelError when its weights cannot be had."""
        sizes = {n: self.settings[n] for n in ("layers", "channels") if n in self.settings}
        return QAD(pretrained, **sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of every quality, less their dependence; in training at weights that were
        moved against it first.
        """
        strength = float(self.settings.get("perturbation", 0.002))
        counted = cast(QAD, network).steps
        late = int(counted) >= int(self.settings.get("perturbed_from", 0))
        learns = network.training and torch.is_grad_enabled()
        if learns:
            counted += 1
        if not (learns and strength and late):
            return self._loss(network, batch)
        first, _ = self._loss(at(network, dict(network.named_parameters()), keep=True), batch)
        return self._loss(at(network, uphill(network, first, strength), keep=False), batch)

    def _loss(self, forward: Forward, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        faces = torch.cat([batch["face"][:, None], batch["others"]], 1)
        count = faces.shape[1]
        given = forward(faces.transpose(0, 1).flatten(0, 1))
        logits = cast(Tensor, given["logit"])
        label = batch["label"].to(logits.dtype).repeat(count)
        entropy = F.binary_cross_entropy_with_logits(logits, label)
        parts = {"bce": float(entropy.detach())}
        if "maps" not in given:
            return entropy, parts
        maps = [one.chunk(count) for one in cast(list[Tensor], given["maps"])]
        qualities = list(zip(*maps, strict=True))
        shares = self.settings.get("stages", WEIGHTS)
        shared = dependence(qualities, shares, float(self.settings.get("sigma", SIGMA)))
        weight = float(self.settings.get("dependence", 0.003))
        return entropy - weight * shared, parts | {"dependence": float(shared.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A ResNet-50 with torchvision's names. Raises ModelError when it does not fit."""
        named = {f"net.{name.removeprefix('module.')}": v for name, v in checkpoint.items()}
        return fitted(self.network(), named, "QAD", ignore=("steps",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, as it is and twice duller; labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIZE))
        face = torch.rand((batch, 3, side, side), generator=rng) * 255
        return {
            "face": face,
            "others": torch.stack([face * 0.8 + 20, face * 0.6 + 40], 1),
            "label": (torch.arange(batch) % 2).float(),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """In training the same face in every quality. Raises DataError when none is there so."""
        from unmask.detectors.image.qad.sampling import Qualities, Saved

        whole = super().samples
        if split != "train":
            return whole(manifest, split, recipe)
        if jpeg := tuple(self.settings.get("jpeg", ())):
            return Saved(whole(manifest, split, recipe), jpeg)
        names = tuple(self.settings.get("qualities", QUALITIES))
        train = manifest.select(split=split)
        return Qualities(train, names, lambda part: whole(part, split, recipe))
