"""Semantic contextualisation as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.data import Dataset

from unmask.detectors.image.semantic_forgery.convert import from_official
from unmask.detectors.image.semantic_forgery.graph import CHANGES, labels
from unmask.detectors.image.semantic_forgery.loss import level_losses
from unmask.detectors.image.semantic_forgery.model import SIZE, SemanticForgery
from unmask.detectors.image.semantic_forgery.weights import Losses, lookahead
from unmask.nn.xception import SMALL, sizes
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe


class SemanticForgeryMethod(Method):
    """Zou, Yu, Zhan, Lyu and Ma 2025, "Semantic Contextualization of Face Forgery: A New
    Definition, Dataset, and Detection Method".

    ``settings``: ``weigh`` (true: the levels' weights learn what helps to tell fakes; false: they
    stay at 1), ``rate`` (of the step that is looked ahead), ``side`` (of the example), ``dropout``;
    for tests ``middle``, ``entry`` and ``thin`` (of the Xception).
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, "dropout": 0.0, **SMALL}

    def network(self, pretrained: bool = False) -> nn.Module:
        """An Xception. Raises MissingExtra or ModelError when its weights cannot be had."""
        dropout = float(self.settings.get("dropout", 0.5))
        return SemanticForgery(pretrained, dropout, **sizes(self.settings))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The losses of the three levels, weighed."""
        levels = cast(SemanticForgery, network).levels
        learns = network.training and torch.is_grad_enabled() and len(batch["label"]) > 1
        if learns and self.settings.get("weigh", True):
            levels.follow(self._ahead(network, batch, levels.value))
        parts = level_losses(self.run(network, batch)["nodes"], batch["changed"])
        names = ("fake", "attributes", "regions")
        told = dict(zip(names, parts.detach().tolist(), strict=True))
        weights = {f"weight_{n}": w for n, w in zip(names, levels.value.tolist(), strict=True)}
        return (levels.value.clone() * parts).sum(), told | weights

    def _ahead(self, network: nn.Module, batch: Batch, weights: Tensor) -> Tensor:
        """Where the weights should go: one half of the batch learns, the other checks."""
        middle = len(batch["label"]) // 2
        buffers = dict(network.named_buffers())

        def on(part: slice) -> Losses:
            def losses(parameters: Mapping[str, Tensor]) -> Tensor:
                kept = {name: value.clone() for name, value in buffers.items()}
                given = functional_call(network, {**parameters, **kept}, (batch["face"][part],))
                return level_losses(given["nodes"], batch["changed"][part])

            return losses

        rate = float(self.settings.get("rate", 1e-4))
        learnt, checked = on(slice(middle, None)), on(slice(middle))
        return lookahead(dict(network.named_parameters()), learnt, checked, weights, rate)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' Xception under our names. Raises ModelError when it does not fit."""
        known = from_official(checkpoint)
        return fitted(self.network(), known, "semantic_forgery", ignore=("levels.",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; reals and fakes in turn, of every kind of change in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIZE))
        place = torch.arange(batch)
        kinds = [list(CHANGES)[int(i) // 2 % len(CHANGES)] for i in place]
        changed = [labels(kind, bool(i % 2)) for i, kind in zip(place, kinds, strict=True)]
        return {
            "face": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (place % 2).float(),
            "changed": torch.tensor(changed),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces with what was changed in them."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        return Prepared(part, self.card.inputs, recipe, split == "train", self.targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``changed``: the labels of the twelve nodes, from the item's family.

        An expression is a smile unless the file says that it is one of surprise.
        """
        smile = item.family == "expression" and "surprised" not in item.path.lower()
        kind = "smile" if smile else item.family
        return {"changed": np.array(labels(kind, bool(item.label)), np.float32)}
