"""What a published method says of the items of a test, batch by batch."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from unmask.bench.perturb import CLEAN, Perturbed
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Reader
from unmask.datasets.samples import Prepared, collate
from unmask.errors import DataError, ModelError
from unmask.metrics.outcomes import Outcome
from unmask.metrics.pixels import counts
from unmask.runtime.session import open_session
from unmask.train.method import Batch, Method, Outputs, loaded
from unmask.train.methods import as_floats
from unmask.train.recipe import Recipe

Run = Callable[[Batch], Outputs]
Said = Callable[[int], None]
"""Called with the number of entries done."""


class Scorer(Protocol):
    """A detector as a protocol uses it. ``weights``: sha256 of what was run."""

    weights: str
    kinds: frozenset[str]

    def score(
        self, manifest: Manifest, condition: str, classes: Sequence[str], said: Said
    ) -> Iterator[Outcome]:
        """Rows of a test set under a condition; ``classes`` are the known generators."""
        ...


_KINDS = {
    "face": ("image", "video"),
    "light": ("image", "video"),
    "picture": ("image", "video"),
    "clip": ("video",),
    "points": ("video",),
    "frames": ("video",),
    "sound": ("audio", "video"),
    "text": ("imagetext",),
}


def kinds_of(method: Method) -> frozenset[str]:
    """The kinds of item that hold all inputs of a method; one that only hears judges no videos."""
    takes = {part.take for part in method.card.inputs if part.take}
    if "text" in takes:
        return frozenset({"imagetext"})
    if takes == {"sound"}:
        return frozenset({"audio"})
    found = [set(_KINDS[take]) for take in takes]
    return frozenset(set.intersection(*found)) if found else frozenset()


class Tested(Prepared):
    """Items of a test. One that cannot be judged never ends the run: it is left out and counted."""

    def _warn(self) -> None:
        if len(self._broken) == 1:
            warnings.warn(f"left out: {self._last()}", stacklevel=2)


class MethodScorer:
    """A published method with weights: an ONNX file, or a checkpoint of ours or the authors'."""

    def __init__(self, method: Method, weights: Path, recipe: Recipe) -> None:
        if not weights.is_file():
            raise DataError(f"There are no weights at {weights}. Train, or give --weights FILE.")
        self.method, self.recipe = method, recipe
        self.kinds = kinds_of(method)
        self.weights = hashlib.sha256(weights.read_bytes()).hexdigest()
        self.file = weights
        onnx = weights.suffix == ".onnx"
        self._run = _onnx(method, weights) if onnx else _torch(method, weights)

    def score(
        self, manifest: Manifest, condition: str, classes: Sequence[str], said: Said
    ) -> Iterator[Outcome]:
        """Rows of a test set; items that cannot be read are left out, and the method warns."""
        dataset = self.dataset(manifest)
        if condition != CLEAN:
            reader = reader_of(dataset, condition)
            cast(Any, dataset).reader = Perturbed(reader, condition)
        yield from self.rows(dataset, manifest, condition, classes, said)

    def rows(
        self,
        dataset: Dataset[Batch],
        manifest: Manifest,
        condition: str,
        classes: Sequence[str],
        said: Said,
    ) -> Iterator[Outcome]:
        """Rows of a test set that is read by ``dataset``."""
        free = any(isinstance(s, str) for part in self.method.card.inputs for s in part.shape[1:])
        loader: DataLoader[Batch] = DataLoader(
            dataset, batch_size=1 if free else min(16, self.recipe.batch), collate_fn=collate
        )
        done = 0
        for batch in loader:
            if not batch:
                continue
            if "index" not in batch:
                raise DataError(
                    f"{self.method.card.name!r} does not say which item an entry is ('index')."
                )
            items = [manifest.items[i] for i in batch["index"].tolist()]
            outputs = self.method.completed(self._run(as_floats(batch)), batch)
            scores = self.method.score(outputs).float().reshape(len(items), -1).mean(1).tolist()
            places = _places(items, batch, outputs, classes)
            for item, score, extra in zip(items, scores, places, strict=True):
                yield outcome(item, manifest.name, condition, score, **extra)
            done += len(items)
            said(done)

    def dataset(self, manifest: Manifest) -> Dataset[Batch]:
        """Items as the card says, unless the method must prepare them."""
        if self.method.judged_as_trained:
            return self.method.samples(manifest, "test", self.recipe)
        return Tested(manifest, self.method.card.inputs, self.recipe, train=False)


def _torch(method: Method, weights: Path) -> Run:
    network = loaded(method, weights)
    device = next(network.parameters()).device

    def run(batch: Batch) -> Outputs:
        with torch.inference_mode():
            moved = {name: value.to(device) for name, value in batch.items()}
            return {name: value.cpu() for name, value in method.run(network, moved).items()}

    return run


def _onnx(method: Method, weights: Path) -> Run:
    try:
        session = open_session(weights, torch.get_num_threads())
    except ModelError as error:
        raise ModelError(f"{weights} does not load: {error}") from error
    names = [output.name for output in session.get_outputs()]

    def run(batch: Batch) -> Outputs:
        fed = {name: batch[name].numpy() for name in method.inputs}
        return dict(zip(names, map(torch.from_numpy, session.run(names, fed)), strict=True))

    return run


def reader_of(dataset: Dataset[Batch], condition: str) -> Reader:
    """What reads the items of a test. Raises DataError when a method reads them by itself."""
    reader = getattr(dataset, "reader", None)
    if not isinstance(reader, Reader):
        raise DataError(
            f"This method reads its items in a way of its own, so {condition!r} cannot be laid "
            "over them. Perturb the files and make a manifest of them."
        )
    return reader


def outcome(item: Item, test: str, condition: str, score: float, **more: Any) -> Outcome:
    """A row of an item. Raises ModelError when the score is no number."""
    if not np.isfinite(score):
        raise ModelError(f"The score of {item.item_id!r} is {score}; the weights are broken.")
    return Outcome(
        item_id=item.item_id, media_id=item.media_id, path=item.path, test=test,
        condition=condition, label=item.label, score=float(score), kind=item.kind,
        group=item.group or item.media_id, source=item.source, family=item.family,
        generator=item.generator, gender=item.gender, age=item.age, ethnicity=item.ethnicity,
        language=item.language, segments=item.segments, **more,
    )  # fmt: skip


def _places(
    items: Sequence[Item], batch: Batch, outputs: Outputs, classes: Sequence[str]
) -> list[dict[str, Any]]:
    """What is true and what was said beyond the score, an item each."""
    rows: list[dict[str, Any]] = [{} for _ in items]
    if "mask" in outputs and "mask" in batch:
        maps = _maps(outputs["mask"], tuple(batch["mask"].shape[-2:]))
        for i, row in enumerate(rows):
            if "masked" not in batch or bool(batch["masked"][i]):
                truth = batch["mask"][i].reshape(maps[i].shape).numpy() > 0.5
                row["pixels"] = tuple(counts(truth, maps[i]).reshape(-1).tolist())
    if "box" in outputs and "box" in batch:
        for i, row in enumerate(rows):
            row["box"] = tuple(batch["box"][i].tolist())
            row["box_found"] = tuple(outputs["box"][i].float().tolist())
    if "types" in outputs and "types" in batch:
        for i, row in enumerate(rows):
            row["kinds"] = tuple(int(v) for v in batch["types"][i].tolist())
            row["kind_scores"] = tuple(outputs["types"][i].float().tolist())
    if "tokens" in outputs and "tokens" in batch:
        for i, row in enumerate(rows):
            there = batch["tokens"][i] >= 0  # what fills up a shorter text is negative
            row["tokens"] = tuple(int(v) for v in batch["tokens"][i][there].tolist())
            row["token_scores"] = tuple(_words(outputs["tokens"][i])[there].tolist())
    if "proposals" in outputs:
        for row, said in zip(rows, outputs["proposals"].float().tolist(), strict=True):
            row["proposals"] = tuple(tuple(p) for p in said if p[2] > p[1])
    if "classes" in outputs and outputs["classes"].shape[-1] == len(classes):
        for item, row, said in zip(items, rows, outputs["classes"].tolist(), strict=True):
            if item.label:
                known = item.generator in classes
                row["class_number"] = classes.index(item.generator) if known else -1
                row["class_scores"] = tuple(said)
    return rows


def _maps(logits: Tensor, size: tuple[int, ...]) -> Any:
    """Probabilities of being forged, a picture each, at the size of the truth."""
    maps = logits.float().reshape(len(logits), 1, *logits.shape[-2:]).sigmoid()
    if tuple(maps.shape[-2:]) != size:
        maps = torch.nn.functional.interpolate(maps, size, mode="bilinear", align_corners=False)
    return maps[:, 0].numpy()


def _words(logits: Tensor) -> Tensor:
    """One logit a word, also where a network gives one for each of two classes."""
    return logits[..., 1] - logits[..., 0] if logits.ndim == 2 else logits
