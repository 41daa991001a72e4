"""ImagiNet's baseline as the research wing sees it (Boychev and Cholakov 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.imaginet_selfcon.convert import from_official
from unmask.detectors.image.imaginet_selfcon.loss import TEMPERATURE, origin_and_generator
from unmask.detectors.image.imaginet_selfcon.model import SelfCon
from unmask.errors import ModelError, UnknownName
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

SIDE, CROP = 256, 96
LEARN = ("all", "head")


class ImagiNetMethod(Method):
    """The ResNet-50 that ImagiNet's authors trained by self-contrast.

    ``settings``: ``learn`` (all, or the classifier alone on the frozen encoder), ``temperature``,
    ``crop`` (side of the part that training takes of a picture), ``side`` (of the example),
    ``hidden`` (width of the classifier) and ``backbone_config`` (options of timm's ResNet, for
    small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "side": 40,
        "hidden": 16,
        "backbone_config": {"layers": (1, 1, 1, 1), "channels": (8, 8, 16, 16)},
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.learn = str(self.settings.get("learn") or "all")
        if self.learn not in LEARN:
            raise UnknownName("part to learn", self.learn, LEARN)
        self.generators: dict[str, int] = {}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: the ResNet from ImageNet, as the authors start.

        Raises MissingExtra, ModelError when those weights cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        if pretrained and changed:
            raise ModelError("ImageNet has no weights for a changed backbone_config.")
        network = SelfCon(pretrained, int(self.settings.get("hidden", 1024)), **changed)
        if self.learn == "head":
            network.requires_grad_(False)
            network.classify.requires_grad_(True)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Contrast by origin plus contrast by generator; the classifier learns beside them.

        It sees features that are cut off, so it does not move them.
        """
        model, label = cast(SelfCon, network), batch["label"]
        early, features = model.exits(batch["picture"])
        logit = model.classify(features.detach())[:, 0]
        classified = F.binary_cross_entropy_with_logits(logit, label.to(logit))
        if self.learn == "head":
            return classified, {"classifier": classified.item()}
        heat = float(self.settings.get("temperature", TEMPERATURE))
        views = model.views(early, features)
        origin, generator = origin_and_generator(views, label, batch["generator"], heat)
        return origin + generator + classified, {
            "origin": origin.item(),
            "generator": generator.item(),
            "classifier": classified.item(),
        }

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint with its classifier. Raises ModelError when it does not fit.

        Where only the classifier is learnt the file may lack it.
        """
        ignore = ("classify.",) if self.learn == "head" else ()
        return fitted(self.network(), from_official(checkpoint), "imaginet_selfcon", ignore)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; real and generated in turn, two generators in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIDE))
        place = torch.arange(batch)
        return {
            "picture": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (place % 2).float(),
            "generator": place // 2 % 2,
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """The middle of pictures; in training a random part, with its generator's number."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        if split != "train":
            return Prepared(part, self.card.inputs, recipe, train=False)
        names = sorted({item.generator for item in part if item.label})
        self.generators = {name: number for number, name in enumerate(names)}
        crop = int(recipe.settings.get("crop", CROP))
        shape = {"shape": ["batch", 3, crop, crop]}
        inputs = [self.card.inputs[0].model_copy(update=shape)]
        return Prepared(part, inputs, recipe, train=True, targets=self.targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``generator``: the number of the item's generator; of a real picture -1."""
        number = self.generators[item.generator] if item.label else -1
        return {"generator": np.array(number, np.int64)}
