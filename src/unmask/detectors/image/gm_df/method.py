"""GM-DF as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.data import Dataset

from unmask.detectors.image.gm_df.loss import distance, stepped
from unmask.detectors.image.gm_df.model import BASE, LATE, GmDf, Sizes
from unmask.errors import DataError, SettingError
from unmask.nn.masked_patches import apart, drawn, patches
from unmask.nn.towers import CLIPS, TINY
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

DATASETS: Mapping[str, tuple[str, ...]] = {
    "FaceForensics++": ("FaceForensics++",),
    "WildDeepfake": ("WildDeepfake",),
    "Celeb-DF": ("Celeb-real", "YouTube-real", "Celeb-synthesis"),
    "DFDC": ("DFDC",),
}
"""Those of the protocol gm-df that are trained on, and what ``source`` says in each."""
HIDDEN = 0.5
WEIGHTS = {"drawing": 0.1, "prompts": 0.1, "distance": 0.05}


class GmDfMethod(Method):
    """Lai et al. 2024, "GM-DF: Generalized Multi-Scenario Deepfake Detection".

    ``settings``: ``datasets`` (their names, and the values of ``source`` of each), ``meta`` (true:
    the experts step on some datasets, the rest is judged after it; false: all at once), ``inner``
    (the length of that step), ``unnamed`` (share of faces that are shown as of no known dataset),
    ``drawing``, ``prompts`` and ``distance`` (weights of the losses), ``late``, ``sizes`` (of
    ``Sizes``), ``backbone_config`` and ``text_config`` (values of CLIP's configurations to change;
    such a CLIP has no published weights).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "datasets": {"one": ["one"], "two": ["two"]},
        "late": [0],
        "unnamed": 0.0,
        "sizes": {
            "experts": 2,
            "bottleneck": 4,
            "numbers": 4,
            "width": 16,
            "depth": 1,
            "heads": 2,
        },
        "backbone_config": TINY,
        "text_config": {
            "vocab_size": 64,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 12,
            "projection_dim": 16,
            "eos_token_id": 63,
        },
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.datasets = dict(self.settings.get("datasets") or DATASETS)
        if len(self.datasets) < 2:
            raise SettingError("GM-DF is trained on two datasets or more; name them in 'datasets'.")
        self.numbers = {
            source: number
            for number, sources in enumerate(self.datasets.values(), 1)
            for source in sources
        }

    def network(self, pretrained: bool = False) -> nn.Module:
        """CLIP ViT-B/16. Raises MissingExtra, ModelError when its weights cannot be had."""
        return GmDf(
            len(self.datasets),
            Sizes(**(self.settings.get("sizes") or {})),
            self.settings.get("late") or LATE,
            pretrained,
            dict(self.settings.get("backbone_config") or {}),
            dict(self.settings.get("text_config") or {}),
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The experts step on all datasets but one, drawn at random; that one is then judged.

        In a batch of one dataset, and without ``meta``, all are judged without such a step.
        """
        domain = batch["domain"]
        unnamed = torch.rand(len(domain)) < float(self.settings.get("unnamed", 0.1))
        shown = domain.masked_fill(unnamed.to(domain.device), 0)
        there = sorted(set(domain.tolist()) - {0})
        parameters: dict[str, Tensor] = {}
        judged = torch.ones_like(domain, dtype=torch.bool)
        told: dict[str, float] = {}
        if self.settings.get("meta", True) and len(there) > 1:
            judged = domain == there[int(torch.randint(len(there), ()))]
            with torch.enable_grad():
                before = network(batch["face"][~judged], shown[~judged])["logit"]
                inner = F.binary_cross_entropy_with_logits(before, batch["label"][~judged])
                moving = {n: p for n, p in network.named_parameters() if "experts." in n}
                parameters = stepped(inner, moving, float(self.settings.get("inner", 1e-4)))
            told["before"] = inner.item()

        def given(where: Tensor, hidden: Tensor | None = None) -> Outputs:
            inputs = (batch["face"][where], shown[where], hidden)
            return cast(Outputs, functional_call(network, parameters, inputs))

        hidden = drawn(int(judged.sum()), self._grid() ** 2, HIDDEN)
        seen = given(judged, hidden)
        rest = given(~judged)["features"] if not bool(judged.all()) else None
        parts = self._parts(seen, batch, domain, judged, hidden)
        parts["distance"] = _apart(seen["features"], rest, domain[judged])
        total = parts["bce"]
        for name, weight in WEIGHTS.items():
            total = total + float(self.settings.get(name, weight)) * parts[name]
        return total, told | {name: value.item() for name, value in parts.items()}

    def _parts(
        self, seen: Outputs, batch: Batch, domain: Tensor, judged: Tensor, hidden: Tensor
    ) -> dict[str, Tensor]:
        """The losses of the faces that are judged."""
        label, domain = batch["label"][judged], domain[judged]
        target = patches(batch["face"][judged], int(self._config("patch_size")))
        known = domain > 0
        near = seen["near"][known, 1:].flatten(1)
        named = (domain[known] - 1) * 2 + label[known].long()
        return {
            "bce": F.binary_cross_entropy_with_logits(seen["logit"], label.to(seen["logit"])),
            "drawing": apart(target, seen["drawn"], hidden).mean(),
            "prompts": F.cross_entropy(near, named) if bool(known.any()) else near.sum(),
        }

    def _config(self, name: str) -> int:
        return int({**CLIPS[BASE], **(self.settings.get("backbone_config") or {})}[name])

    def _grid(self) -> int:
        return self._config("image_size") // self._config("patch_size")

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit. Raises ModelError for others."""
        return fitted(self.network(), checkpoint, "GM-DF")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; labels and datasets that take turns."""
        side = self._config("image_size")
        rng = torch.Generator().manual_seed(seed)
        places = torch.arange(batch)
        return {
            "face": torch.rand(batch, 3, side, side, generator=rng) * 255,
            "label": (places % 2).float(),
            "domain": 1 + places // 2 % len(self.datasets) if batch > 2 else 1 + places,
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Faces, each with the number of its dataset. Raises DataError when training has one."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        known = {self.numbers[item.source] for item in part if item.source in self.numbers}
        if split == "train" and len(known) < 2:
            sources = ", ".join(sorted({item.source or "(none)" for item in part}))
            raise DataError(
                f"GM-DF learns what datasets share and needs two; the items come from {sources} "
                "(source). Name the datasets in [settings.datasets] of the recipe."
            )
        return Prepared(
            part, self.card.inputs, recipe, train=split == "train", targets=self._target
        )

    def _target(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        return {"domain": np.asarray(self.numbers.get(item.source, 0), np.int64)}


def _apart(judged: Tensor, rest: Tensor | None, domain: Tensor) -> Tensor:
    """The distance of what is judged to the rest; without a rest, the mean over its datasets."""
    if rest is not None:
        return distance(judged, rest)
    sets = [judged[domain == number] for number in sorted(set(domain.tolist()))]
    pairs = [distance(one, two) for one, two in combinations(sets, 2)]
    return torch.stack(pairs).mean() if pairs else judged.sum() * 0
