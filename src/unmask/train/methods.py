"""A published method as the training loop sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sized
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from unmask.datasets.choosing import chosen
from unmask.datasets.manifest import read_manifest
from unmask.datasets.samples import collate, plainly
from unmask.errors import DataError
from unmask.metrics import auc, eer
from unmask.metrics.aggregate import merged
from unmask.train.export import to_onnx
from unmask.train.kept_features import keep, release
from unmask.train.method import Batch, Method, method_named, read_checkpoint
from unmask.train.recipe import Recipe
from unmask.train.task import Task


class MethodTask(Task):
    """Trains the method that the recipe names on the train split of a manifest.

    ``data`` is ``manifest.parquet`` or the folder that holds it. Weights are chosen on the split
    ``val`` by what the method names; the test split is never looked at. ``settings`` are the
    method's; ``validation`` among them bounds the entries that are validated (0: all), spread
    over both classes; ``features`` is a file in which what a frozen encoder makes is kept.
    Raises DataError when there is nothing to train or validate on.
    """

    chooses = True

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        if recipe.select == "test":
            raise DataError(
                "Weights must not be chosen on the split 'test': its figures would say nothing "
                "about unseen media. Set select = 'val'."
            )
        self.method: Method = method_named(recipe.name)(recipe.settings)
        manifest = chosen(read_manifest(data), recipe.where)
        left_out = {name.strip() for name in recipe.leave_out.split(",") if name.strip()}
        if unknown := sorted(left_out - {item.source for item in manifest}):
            raise DataError(f"No item of the manifest comes from {unknown[0]!r} (leave_out).")
        self.manifest = manifest.where(lambda item: item.source not in left_out)
        self._check()

    def _check(self) -> None:
        groups: dict[str, set[str]] = defaultdict(set)
        labels: dict[str, set[int]] = defaultdict(set)
        for item in self.manifest:
            groups[item.split].add(item.group)
            labels[item.split].add(item.label)
        if not groups["train"]:
            raise DataError("The manifest has no item in the split 'train'; nothing can be learnt.")
        select = self.recipe.select
        # A method with samples of its own may make its forgeries from reals.
        makes = type(self.method).samples is not Method.samples
        if not labels[select] or (labels[select] != {0, 1} and not makes):
            what = "only one class" if labels[select] else "no item"
            raise DataError(
                f"The manifest has {what} in the split {select!r}, so no weights can be chosen. "
                "Give some groups of both classes that split; the test split is never used for it."
            )
        if shared := sorted((groups["train"] & groups[select]) - {""}):
            raise DataError(
                f"The group {shared[0]!r} stands in the splits 'train' and {select!r}; the same "
                "person or utterance in both makes validation blind. Split by group."
            )

    def network(self) -> nn.Module:
        """The method's network: random, with the paper's backbone, or from a checkpoint."""
        init = self.recipe.init
        if init in ("random", "pretrained"):
            network = self.method.network(pretrained=init == "pretrained")
        else:
            network = self.from_checkpoint(Path(init))
        if file := self.recipe.settings.get("features"):
            keep(network, self.method.frozen, Path(str(file)))
        return network

    def from_checkpoint(self, path: Path) -> nn.Module:
        """A network with weights of ours or the authors'."""
        network = self.method.network()
        checkpoint = read_checkpoint(path)
        ours = set(network.state_dict()) == set(checkpoint)
        network.load_state_dict(checkpoint if ours else self.method.convert(checkpoint))
        return network

    @property
    def inputs(self) -> tuple[str, ...]:
        """The method's inputs."""
        return self.method.inputs

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """The number by which items are ranked; 8-bit pictures become floats here."""
        return self.method.score(self.method.run(network, as_floats(batch)))

    def samples(self) -> Dataset[Batch]:
        """The train split as the method takes it."""
        dataset = self.method.samples(self.manifest, "train", self.recipe)
        if len(cast(Sized, dataset)) != self.recipe.samples:
            raise DataError(
                f"The samples of {self.recipe.name!r} are {len(cast(Sized, dataset))}; for the "
                f"split 'train' a method gives recipe.samples ({self.recipe.samples}) entries."
            )
        return dataset

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The method's loss; 8-bit pictures become floats here."""
        return self.method.loss(network, as_floats(batch))

    @cached_property
    def _held(self) -> Dataset[Batch]:
        """What is validated on."""
        dataset = self.method.samples(self.manifest, self.recipe.select, self.recipe)
        most = int(self.recipe.settings.get("validation", 0))
        number = len(cast(Sized, dataset))
        if not most or number <= most:
            return dataset
        order = np.random.default_rng([self.recipe.seed, 2]).permutation(number)
        return Subset(dataset, sorted(order[:most].tolist()))

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Figures on the validation split, over recordings (``media_id``), and the method's own.

        A recording's score is the mean over its entries. ``select`` is what ``Method.selects``
        names, turned so that more is better.
        """
        network.eval()
        device = next(network.parameters()).device
        media: list[str] = []
        labels: list[int] = []
        scores: list[float] = []
        own: dict[str, list[float]] = defaultdict(list)
        for batch in self._batches():
            moved = {name: value.to(device) for name, value in as_floats(batch).items()}
            with torch.inference_mode():
                outputs = self.method.run(network, moved)
                given = self.method.score(outputs).float().cpu()
                for name, values in self.method.measured(outputs, moved).items():
                    own[name] += values.float().cpu().tolist()
            media += self._names(batch, len(media))
            labels += [int(label) for label in batch["label"].tolist()]
            scores += given.tolist()
        rows = merged(media, labels, scores, "mean-logit")
        truth = np.array([label for _, label, _ in rows])
        if set(truth.tolist()) != {0, 1}:
            raise DataError("Validation saw one class only: no file of the other can be read.")
        means = np.array([score for _, _, score in rows])
        found = {
            "auc": auc(truth, means),
            "eer": eer(truth, means),
            "balanced_accuracy": float(
                ((means > 0)[truth == 1].mean() + (means < 0)[truth == 0].mean()) / 2
            ),
            **{name: float(np.mean(values)) for name, values in own.items() if values},
        }
        name = self.method.selects
        if name.removeprefix("-") not in found:
            raise DataError(
                f"Weights of {self.recipe.name!r} are chosen by {name.removeprefix('-')}, and no "
                f"item of the split {self.recipe.select!r} has what it needs (mask, segments)."
            )
        value = found[name.removeprefix("-")]
        return {"select": -value if name.startswith("-") else value, **found}

    @property
    def selects(self) -> str:
        """What chooses the weights, in words."""
        name = self.method.selects
        return f"lowest {name[1:]}" if name.startswith("-") else f"highest {name}"

    def _batches(self) -> Iterator[Batch]:
        free = any(isinstance(s, str) for part in self.method.card.inputs for s in part.shape[1:])
        parts = self.recipe.accumulate
        loader: DataLoader[Batch] = DataLoader(
            self._held,
            batch_size=1 if free else max(1, self.recipe.batch // parts),
            num_workers=self.recipe.workers,
            collate_fn=collate,
        )
        return (batch for batch in plainly(loader) if batch)

    def _names(self, batch: Batch, known: int) -> list[str]:
        """Which recording each entry belongs to; those that a method made stand for themselves."""
        if "index" not in batch:
            return [f"made {known + i}" for i in range(len(batch["label"]))]
        items = self.manifest.select(split=self.recipe.select).items
        return [items[i].media_id for i in batch["index"].tolist()]

    def export(self, network: nn.Module, path: Path) -> None:
        """Write the network as ONNX, checked against torch."""
        if self.method.frozen:
            release(network, self.method.frozen)
        to_onnx(self.method, network, path)


def as_floats(batch: Batch) -> Batch:
    """The batch with 8-bit pictures as floats (0…255)."""
    return {n: v.float() if v.dtype == torch.uint8 else v for n, v in batch.items()}
