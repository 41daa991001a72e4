"""How the network is trained: pairs of a real tile and a forgery of it, laundered alike.

A sample is a pair. Both halves come from the same photo, crop, scale and laundering chain, so that
only the forgery tells them apart. The exception are the few third-party generated faces, which are
paired with a real face of the same crop size and chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.unmask_picture import model
from unmask.detectors.image.unmask_picture.photos import (
    Photo,
    Pool,
    all_photos,
    random_tile,
    read,
)
from unmask.forge.launder import Step, draw_chain
from unmask.forge.operations import blur, resize
from unmask.forge.resynth import PLANS, Generators, Plan, load_or_train, softened, upsampled
from unmask.forge.shapes import random_mask
from unmask.forge.splice import edit
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task
from unmask.types import Pixels

Rng = np.random.Generator
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


class Pairs(Dataset[Batch]):
    """Pairs (real, forged) of tiles; item *i* depends on the seed and *i* alone."""

    def __init__(
        self,
        photos: Sequence[Photo],
        made: Generators,
        settings: dict[str, Any],
        count: int,
        seed: int,
    ) -> None:
        self.side = int(settings["tile"])
        self.count = count
        self.seed = seed
        self.soft = float(settings["soft"])
        self.made = made
        self.real = Pool([p for p in photos if not p.label], settings["sources"])
        shares = {name: float(share) for name, share in settings["shares"].items()}
        third = [p for p in photos if p.label]
        if not third:
            shares.pop("third-party")
        else:
            self.third = Pool(third, settings["third_party"])
            self.faces = Pool([p for p in photos if not p.label], settings["third_party_reals"])
        self.kinds = sorted(shares)
        self.share = np.array([shares[kind] for kind in self.kinds])
        self.share /= self.share.sum()

    def __len__(self) -> int:
        return self.count

    def _forged(self, kind: str, real: Pixels, rng: Rng) -> tuple[Pixels, NDArray[np.uint8]]:
        """The forgery of a tile and its mask."""
        none = np.zeros(real.shape[:2], np.uint8)
        if kind == "edited":
            donor = read(self.real.draw(rng))
            done = edit(real, donor, rng)
            return done.pixels, done.mask
        names = sorted(self.made.networks)
        name = names[int(rng.integers(len(names)))]
        detail = float(rng.choice([0.0, rng.uniform(0, 0.7)]))
        again = upsampled(real, rng) if rng.random() < 0.15 else self.made(real, name, detail)
        if kind == "generated":
            return again, none
        soft = random_mask(real, rng)
        weight = soft[..., None]
        mixed = np.clip(real * (1 - weight) + again * weight + 0.5, 0, 255).astype(np.uint8)
        return mixed, (soft > 0.5).astype(np.uint8)

    def _soft(self, real: Pixels, fake: Pixels, rng: Rng) -> tuple[Pixels, Pixels]:
        """Some pairs made soft, and of some the real half alone: out of focus is not forged."""
        chance = float(rng.random())
        if chance >= 2 * self.soft:
            return real, fake
        step = (
            Step(blur, (float(rng.uniform(0.6, 2.5)),))
            if rng.random() < 0.6
            else Step(resize, (float(rng.uniform(0.35, 0.7)), int(rng.integers(4)), 1))
        )
        return step(real), step(fake) if chance < self.soft else fake

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self.seed, index])
        kind = self.kinds[int(rng.choice(len(self.kinds), p=self.share))]
        mask = np.zeros((self.side, self.side), np.uint8)
        if kind == "third-party":
            real = random_tile(read(self.faces.draw(rng)), self.side, rng)
            fake = random_tile(read(self.third.draw(rng)), self.side, rng)
        else:
            real = random_tile(read(self.real.draw(rng)), self.side, rng)
            fake, mask = self._forged(kind, real, rng)
            if kind == "generated" and rng.random() < 0.6:
                real = softened(real, fake)
        real, fake = self._soft(real, fake, rng)
        chain = draw_chain(rng, float(rng.uniform(0, 1.0)))
        whole = kind in ("generated", "third-party")
        step = model.STRIDE
        cells = mask.reshape(self.side // step, step, self.side // step, step).mean((1, 3))
        cells = np.stack([np.zeros_like(cells), cells]).astype(np.float32)
        return {
            "tile": torch.from_numpy(np.stack([chain(real), chain(fake)])),
            "labels": torch.tensor([[0.0, 0.0], [1.0 - whole, float(whole)]]),
            "weights": torch.tensor([[1.0, 1.0], [0.3, 1.0] if whole else [1.0, 0.5]]),
            "mask": torch.from_numpy(cells),
            "drawn": torch.tensor([1.0, 1.0 - whole]),
            "kind": torch.tensor([self.kinds.index(kind)] * 2),
        }


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
        photos = all_photos(data, root)
        self.made = generators(recipe, photos, PLANS)
        self.photos = [photo for photo in photos if photo.source != recipe.leave_out]

    def _pairs(self, part: str, count: int, seed: int) -> Pairs:
        photos = [photo for photo in self.photos if photo.part == part]
        return Pairs(photos, self.made, self.recipe.settings, count, seed)

    def network(self) -> nn.Module:
        """ImageNet weights in the backbone, the rest fresh."""
        return model.network()

    def samples(self) -> Dataset[Batch]:
        """Pairs from the training part."""
        torch.set_num_threads(1)
        return self._pairs("train", self.recipe.samples, self.recipe.seed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Both claims and the mask; the colour path is blanked for a share of the pairs."""
        flat = {name: value.flatten(0, 1) for name, value in batch.items()}
        tiles = (
            flat["tile"].permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
        )
        blank = float(self.recipe.settings["blank_colour"])
        seen = (torch.rand(len(tiles) // 2) >= blank).float().repeat_interleave(2)
        logits, cells = network(tiles, seen)
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
        plain = network.to(memory_format=torch.contiguous_format).eval()
        example = (torch.zeros(2, 3, side, side) + 127,)
        torch.onnx.export(
            plain,
            example,
            path,
            input_names=["tile"],
            output_names=["logits", "mask"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
