"""How the network is trained on pairs of a real tile and a forgery of it (``pairs``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.unmask_picture import model
from unmask.detectors.image.unmask_picture.pairs import Pairs
from unmask.detectors.image.unmask_picture.photos import (
    Photo,
    Pool,
    all_photos,
    random_tile,
    read,
)
from unmask.errors import DataError
from unmask.forge.resynth import PLANS, Generators, Plan, load_or_train
from unmask.train.from_onnx import refill
from unmask.train.method import read_checkpoint
from unmask.train.onnx_model import onnx_model, save_onnx
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task
from unmask.types import Pixels

Rng = np.random.Generator
SHIPPED = "shipped"
"""The ``init`` that begins from the weights of the package."""
STATISTICS = 100
"""Pairs from which the norms of an exported file take their statistics."""
GENERATOR_SOURCES = {"imagenet": 1.0, "ffhq": 1.0, "london": 0.5, "packaged": 1.0}
"""Where the autoencoders' own training crops come from."""


def generators(recipe: Recipe, photos: Sequence[Photo], plans: Sequence[Plan]) -> Generators:
    """The autoencoders of a recipe, trained on crops of the training part.

    They are tools that forge and no part of the detector: a run that leaves a source out uses the
    same ones, though that source's photos are among their crops.
    """
    settings = recipe.settings
    pool = Pool([photo for photo in photos if photo.part == "train"], GENERATOR_SOURCES)
    named = f"{','.join(sorted(pool.names))} {sum(map(len, pool.photos.values()))}"

    def crops(rng: Rng, count: int, side: int) -> list[Pixels]:
        return [random_tile(read(pool.draw(rng)), side, rng) for _ in range(count)]

    steps = int(settings["generator_steps"])
    return load_or_train(plans, crops, steps, recipe.seed, Path(settings["cache"]), named)


def _auc(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Area under the ROC curve, by ranks."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


class PictureTask(Task):
    """Edited somewhere, or generated as a whole; see the recipe's ``settings``."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        torch.set_num_threads(recipe.threads)
        root = Path(recipe.settings.get("packages_root", "/"))
        more = recipe.settings.get("more", "")
        photos = all_photos(data, root, Path(more) if more else None)
        self.made = generators(recipe, photos, PLANS)
        left_out = recipe.leave_out.split(",")
        self.photos = [photo for photo in photos if photo.source not in left_out]
        known = recipe.init not in ("random", "pretrained")
        self.earlier = Path(recipe.init) if known and not recipe.leave_out else None
        if recipe.init == SHIPPED and self.earlier:
            self.earlier = Path(__file__).with_name("weights.onnx")

    def _pairs(self, part: str, count: int, seed: int) -> Pairs:
        photos = [photo for photo in self.photos if photo.part == part]
        return Pairs(photos, self.made, self.recipe.settings, count, seed)

    def network(self) -> nn.Module:
        """ImageNet weights in the backbone and the rest fresh, or all weights of an earlier run.

        ``init`` may name a checkpoint or an exported file, or be "shipped".

        A run that leaves a source out never begins from an earlier one, which may have seen that
        source. Raises DataError when the file of ``init`` is not there or holds another network.
        """
        if self.earlier is None:
            return model.network(pretrained=self.recipe.init != "random")
        network = model.network(pretrained=False)
        if self.earlier.suffix == ".onnx":
            pairs = self._pairs("train", STATISTICS, self.recipe.seed + 1)
            tiles = (
                pairs[index]["tile"].permute(0, 3, 1, 2).float() for index in range(len(pairs))
            )
            left = refill(network, self.earlier, tiles)
            network.residuals.recall(left)
            return network
        try:
            network.load_state_dict(read_checkpoint(self.earlier))
        except RuntimeError:
            raise DataError(
                f"{self.earlier} holds another network. Set init to 'pretrained' or to weights of "
                "this version."
            ) from None
        return network

    def samples(self) -> Dataset[Batch]:
        """Pairs from the training part."""
        torch.set_num_threads(1)
        return self._pairs("train", self.recipe.samples, self.recipe.seed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Both claims and the mask; the colour path is blanked for a share of the pairs.

        Of a run that begins from earlier weights, the first stages learn in a share of the steps
        alone (setting ``early``).
        """
        flat = {name: value.flatten(0, 1) for name, value in batch.items()}
        tiles = (
            flat["tile"].permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
        )
        blank = float(self.recipe.settings["blank_colour"])
        seen = (torch.rand(len(tiles) // 2) >= blank).float().repeat_interleave(2)
        share = float(self.recipe.settings["early"]) if self.earlier else 1.0
        early = bool(torch.rand(()) < share)
        logits, cells = network(tiles, seen, early)
        return model.loss(
            logits, cells, flat["labels"], flat["weights"], flat["mask"], flat["drawn"]
        )

    @torch.no_grad()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """AUC of each claim and of the mask's cells on pairs of the calibration part."""
        network.eval()
        pairs = self._pairs("calibration", int(self.recipe.settings["validation"]), 1_000_003)
        columns: dict[str, list[Tensor]] = {"logits": [], "cells": []}
        parts: dict[str, list[Tensor]] = {"labels": [], "mask": [], "drawn": []}
        for index in range(len(pairs)):
            item = pairs[index]
            logits, cells = network(item["tile"].permute(0, 3, 1, 2).float())
            columns["logits"].append(logits)
            columns["cells"].append(cells)
            for name, values in parts.items():
                values.append(item[name])
        logits = torch.cat(columns["logits"]).double().numpy()
        labels = torch.cat(parts["labels"]).double().numpy()
        drawn = torch.cat(parts["drawn"]).numpy() > 0
        cells = torch.cat(columns["cells"]).double().numpy()[drawn]
        target = torch.cat(parts["mask"]).double().numpy()[drawn] > 0.5
        keep = labels[:, 1] == 0
        edited = _auc(logits[keep, 0], labels[keep, 0])
        keep = labels[:, 0] == 0
        generated = _auc(logits[keep, 1], labels[keep, 1])
        area = _auc(cells.ravel(), target.ravel().astype(np.float64))
        select = (edited + generated) / 2
        return {"select": select, "edited": edited, "generated": generated, "cells": area}

    def export(self, network: nn.Module, path: Path) -> None:
        """ONNX with a free batch; the tile's side is fixed by the recipe."""
        side = int(self.recipe.settings["tile"])
        example = torch.zeros(2, 3, side, side) + 127
        free = {0: torch.export.Dim("batch")}
        model = onnx_model(network, [example], ["tile"], ["logits", "mask"], [free])
        save_onnx(model, path)
