"""CoDE as the research wing sees it (Baraldi et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.code.convert import renamed
from unmask.detectors.image.code.loss import TEMPERATURE, contrast
from unmask.detectors.image.code.model import Code
from unmask.errors import UnknownName
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SIDE = 224
VIEWS = ("picture", "augmented", "whole", "part")
LEARN = ("all", "head")


class CodeMethod(Method):
    """CoDE.

    ``settings``: ``learn`` (all, or the head alone on the authors' frozen features),
    ``temperature`` (of the contrast), ``strength`` (of the views' changes), ``backbone_config``
    (options of timm's vision transformer, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "img_size": 32,
            "patch_size": 8,
            "embed_dim": 48,
            "depth": 2,
            "num_heads": 3,
        }
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.learn = str(self.settings.get("learn") or "all")
        if self.learn not in LEARN:
            raise UnknownName("part to learn", self.learn, LEARN)
        changed = self.settings.get("backbone_config") or {}
        self.side = int(changed.get("img_size", SIDE))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. The authors start from random weights; there is none to load."""
        network = Code(self.settings.get("backbone_config"))
        network.vit.requires_grad_(self.learn == "all")
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Contrast of real plus contrast of forged pictures; the head learns beside it.

        The head sees features that are cut off, so it does not move them.
        """
        label = batch["label"]
        names = VIEWS if self.learn == "all" else ("augmented",)
        together: Tensor = network(torch.cat([batch[name] for name in names]))["features"]
        views = dict(zip(names, torch.split(together, len(label)), strict=True))
        logit = network.get_submodule("head")(views["augmented"].detach())[:, 0]
        probe = F.binary_cross_entropy_with_logits(logit, label.to(logit))
        if self.learn == "head":
            return probe, {"head": probe.item()}
        heat = float(self.settings.get("temperature", TEMPERATURE))
        real, forged = contrast(views, label, heat)
        return real + forged + probe, {
            "real": real.item(),
            "forged": forged.item(),
            "head": probe.item(),
        }

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' encoder, with the linear classifier beside it (see the README).

        Where only the head is learnt the file may lack it. Raises ModelError when it does not fit.
        """
        ignore = ("head.",) if self.learn == "head" else ()
        return fitted(self.network(), renamed(checkpoint), "code", ignore)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise in four views, the cut ones unlike the others; labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        shape = (batch, 3, self.side, self.side)
        views = {name: torch.rand(shape, generator=rng) * 255 for name in VIEWS}
        return views | {"label": (torch.arange(batch) % 2).float()}

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """The middle of pictures; in training four views of scaled ones, as the authors do."""
        from unmask.datasets.samples import Prepared
        from unmask.detectors.image.code.views import Views

        part, given = manifest.select(split=split), self.card.inputs[0]
        shape = ["batch", 3, self.side, self.side]
        if split != "train":
            inputs = [given.model_copy(update={"shape": shape})]
            return Prepared(part, inputs, recipe, train=False)
        scaled = {
            "shape": shape,
            "fit": "shortest-then-centre-crop",
            "side": int(self.side / 0.9),
            "filter": "bicubic",
        }
        base = Prepared(part, [given.model_copy(update=scaled)], recipe, train=True)
        return Views(base, recipe.seed, float(self.settings.get("strength", 1.0)))
