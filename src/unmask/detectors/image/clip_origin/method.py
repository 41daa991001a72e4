"""Attribution by CLIP as the research wing sees it (Cioni et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.clip_origin.convert import from_sklearn
from unmask.detectors.image.clip_origin.model import ClipOrigin
from unmask.errors import DataError, ModelError
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

SIDE = 224
GENERATORS = ("wukong", "Midjourney", "VQDM", "stable_diffusion_v_1_4")
"""Those of the first split of GenImage that the authors make."""


class ClipOriginMethod(Method):
    """The authors' linear probe on one block of CLIP ViT-B/16.

    ``settings``: ``generators`` (of the manifest, the classes beside real), ``block`` (of CLIP,
    from 0), ``known_from`` (least probability at which a source is named) and ``backbone_config``
    (options of timm's transformer, for small ones; such a CLIP has no published weights).
    """

    frozen = "vit.forward_features"
    small: ClassVar[Mapping[str, Any]] = {
        "block": 1,
        "backbone_config": {
            "img_size": 32,
            "patch_size": 8,
            "embed_dim": 48,
            "depth": 3,
            "num_heads": 3,
        },
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.generators = tuple(self.settings.get("generators") or GENERATORS)
        self.changed = dict(self.settings.get("backbone_config") or {})
        self.side = int(self.changed.get("img_size", SIDE))

    def network(self, pretrained: bool = False) -> nn.Module:
        """The network. ``pretrained``: CLIP as published.

        Raises MissingExtra, ModelError when CLIP cannot be had.
        """
        if pretrained and self.changed:
            raise ModelError("CLIP has no weights for a changed backbone_config; leave it out.")
        block = int(self.settings.get("block", 6))
        return ClipOrigin(block, 1 + len(self.generators), pretrained, **self.changed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy over real and the generators."""
        sources = self.run(network, batch)["sources"]
        loss = F.nll_loss(sources.clamp(min=1e-12).log(), batch["source"].long())
        return loss, {"entropy": loss.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A logistic regression of scikit-learn beside CLIP's published weights.

        Raises ModelError when it does not fit or CLIP cannot be had.
        """
        network = self.network(pretrained=not self.changed)
        ignore = () if self.changed else ("vit.",)
        return fitted(network, from_sklearn(checkpoint), "clip_origin", ignore)

    def described(self) -> dict[str, Any]:
        """Names of the classes and what a name needs, for the card of an exported model."""
        known_from = float(self.settings.get("known_from", 0.5))
        return {"classes": ["real", *self.generators], "known_from": known_from}

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; real and the generators in turn."""
        rng = torch.Generator().manual_seed(seed)
        place = torch.arange(batch)
        return {
            "picture": torch.rand((batch, 3, self.side, self.side), generator=rng) * 255,
            "label": (place % 2).float(),
            "source": place % 2 * (1 + place // 2 % len(self.generators)),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Pictures with the number of their source.

        Raises DataError when training has a generator that ``generators`` does not name.
        """
        from unmask.datasets.samples import Prepared

        part, train = manifest.select(split=split), split == "train"
        given = self.card.inputs[0]
        small = {"shape": ["batch", 3, self.side, self.side], "side": self.side}
        inputs = [given.model_copy(update=small if self.changed else {})]
        if not train:
            return Prepared(part, inputs, recipe, train=False)
        known = {item.generator for item in part if item.label}
        if strange := sorted(known - set(self.generators)):
            raise DataError(
                f"clip_origin needs to know every source: add {strange[0]!r} to generators in "
                f"[settings] of the recipe ({', '.join(self.generators)}), or leave it out of "
                "training so that it can be told to be unknown."
            )
        return Prepared(part, inputs, recipe, train=True, targets=self.targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``source``: 0 for a real picture, else the number of its generator from 1 on."""
        number = 1 + self.generators.index(item.generator) if item.label else 0
        return {"source": np.array(number, np.int64)}
