"""Attacks on the items of a test: each is changed within a budget, and scored as it then is.

A picture is changed in its own pixels, before cutting and scaling; sound in the samples that the
network hears. What is changed is rounded as a file would hold it and prepared like any other item;
a face is looked for in the picture as it was. Changed items stay in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from unmask.attacks._target import MethodTarget, rounded, still
from unmask.attacks._view import LinearView
from unmask.attacks.base import Attack, Target
from unmask.bench.order import AttackOrder
from unmask.bench.own.shipped import ShippedScorer
from unmask.bench.perturb import SOUND_KINDS
from unmask.bench.score import MethodScorer, Scorer, outcome, reader_of
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Reader
from unmask.errors import MediaError, ModelError, SettingError
from unmask.metrics.outcomes import Outcome
from unmask.plugin_files import made
from unmask.runtime.preparation import channels_first
from unmask.train.checkpoint import untouched_randomness
from unmask.train.method import Batch, loaded
from unmask.types import Pixels

_AGREES = 1e-2


class Replaced(Reader):
    """Reads one item whose picture is given."""

    def __init__(self, reader: Reader, pixels: Pixels) -> None:
        super().__init__(reader.manifest, reader.inputs)
        self._faces = reader._faces  # those of the picture as it was
        self._given = pixels

    def pixels(self, item: Item, moment: float = 0.0) -> Pixels:
        """The picture that is given."""
        return self._given


class Judged:
    """A detector and the only item of a manifest, asked about the item as it might be."""

    def __init__(
        self, judge: Scorer, one: Manifest, condition: str, classes: Sequence[str]
    ) -> None:
        self._judge, self._one, self._condition, self._classes = judge, one, condition, classes
        (self._item,) = one.items
        if isinstance(judge, MethodScorer):
            self._dataset = judge.dataset(one)
            if self._item.kind not in SOUND_KINDS:
                self._reader = reader_of(self._dataset, condition)
                self._reader.read(self._item, Draw())  # finds the face in the picture as it was

    def row(self, media: Tensor) -> Outcome | None:
        """The row of the item when it is ``media``; None when there is nothing to judge."""
        item, one, judge = self._item, self._one, self._judge
        if isinstance(judge, ShippedScorer):
            if media.ndim != 4:
                raise SettingError(
                    "A detector that comes with unmask is attacked by pictures only."
                )
            score = judge.picture(item, one, _pixels(media))
            return None if score is None else outcome(item, one.name, self._condition, score)
        assert isinstance(judge, MethodScorer)
        dataset: Any = self._dataset
        if media.ndim == 4:
            dataset.reader = Replaced(self._reader, _pixels(media))
        else:
            dataset = [{**dataset[0], _heard(judge): media[0]}]
        rows = judge.rows(dataset, one, self._condition, self._classes, lambda done: None)
        return next(iter(list(rows)), None)


class Attacker:
    """One attack for one detector (``source``): changes items, which another or it then judges.

    Raises DataError, UnknownName, and ModelError when gradients are needed and not to be had.
    """

    def __init__(self, ordered: AttackOrder, source: Scorer, judge: Scorer) -> None:
        kind: type[Attack[Any]] = Attack  # type: ignore[type-abstract]
        self._attack = made("attacks", ordered.name, kind, ordered.settings)
        self._source, self._judge = source, judge
        asks = self._attack.access == "query"
        self._network: nn.Module | None = None if asks else _with_gradients(source)

    def row(
        self, one: Manifest, condition: str, budget: float, classes: Sequence[str]
    ) -> Outcome | None:
        """The row of the only item of ``one`` after the attack; None when it cannot be judged."""
        try:
            media = self.changed(one, condition, budget)
            return Judged(self._judge, one, condition, classes).row(media)
        except MediaError:
            return None

    def changed(self, one: Manifest, condition: str, budget: float) -> Tensor:
        """The only item of ``one``, changed within the budget and rounded as a file holds it.

        Raises SettingError for a video, MediaError when the item cannot be read.
        """
        (item,) = one.items
        if item.kind not in ("image", *SOUND_KINDS):
            raise SettingError(f"Attacks change pictures and recordings; {item.path} is neither.")
        if self._network is None:
            target: Target = _Asked(Judged(self._source, one, condition, ()), one)
        else:
            target = _differentiable(
                cast(MethodScorer, self._source), self._network, one, condition
            )
        size = budget if target.media.ndim == 4 else budget / 255
        with untouched_randomness():
            seed = zlib.crc32(f"{item.item_id}|{condition}".encode())
            torch.manual_seed(seed)
            np.random.seed(seed)
            return rounded(self._attack.change(target, item.label, size).detach())


class _Asked:
    """A detector that is asked as a user asks it: whole pictures in, a score out, no gradient."""

    low, high = 0.0, 255.0

    def __init__(self, judged: Judged, one: Manifest) -> None:
        (item,) = one.items
        if item.kind in SOUND_KINDS:
            raise SettingError("Attacks that only ask work on pictures; for sound use pgd or fgsm.")
        self._judged = judged
        self.media = _floats(Reader(one, ()).pixels(item))

    def score(self, media: Tensor) -> Tensor:
        """One logit for each picture of a batch. Raises MediaError when one cannot be judged."""
        rows = [self._judged.row(rounded(picture[None])) for picture in media]
        if None in rows:
            raise MediaError("The picture cannot be judged any more.")
        return torch.tensor([row.score for row in rows if row is not None])


def _differentiable(
    scorer: MethodScorer, network: nn.Module, one: Manifest, condition: str
) -> MethodTarget:
    """The item under a method whose gradients reach its own pixels or samples."""
    (item,) = one.items
    dataset = scorer.dataset(one)
    entry: Batch = dataset[0]
    if not entry:
        raise MediaError(f"{item.path} cannot be read.")
    batch = {name: value[None] for name, value in entry.items()}
    if item.kind in SOUND_KINDS:
        name = _heard(scorer)
        return MethodTarget(scorer.method, network, batch[name].float(), batch, {}, name)
    reader = reader_of(dataset, condition)
    pixels = reader.pixels(item)
    height, width = pixels.shape[:2]
    views = {
        part.name: LinearView(reader.view(part, item, pixels, Draw()), width, height)
        for part in scorer.method.card.inputs
        if part.take in ("face", "picture")
    }
    return MethodTarget(scorer.method, network, _floats(pixels), batch, views)


def _heard(scorer: MethodScorer) -> str:
    """The input that takes sound."""
    return next(part.name for part in scorer.method.card.inputs if part.take == "sound")


def _floats(pixels: Pixels) -> Tensor:
    return torch.from_numpy(channels_first(pixels)[None].astype(np.float32))


def _pixels(media: Tensor) -> Pixels:
    return np.ascontiguousarray(media[0].permute(1, 2, 0).numpy().astype(np.uint8))


def _with_gradients(scorer: Scorer) -> nn.Module:
    """A network with the scorer's weights: its checkpoint, or that of the run beside its ONNX.

    Raises ModelError when there is none, or when it says something else than the ONNX file.
    """
    if not isinstance(scorer, MethodScorer):
        raise ModelError("This detector is exported and has no gradients. Use --attack square.")
    path = scorer.file
    if path.suffix == ".onnx":
        path = path.with_name("best.pt")
        if not path.is_file():
            raise ModelError(
                f"{scorer.file.name} has no gradients, which this attack needs. Give a checkpoint "
                "with --weights (best.pt of a run, or the authors'), or use --attack square."
            )
    network = still(loaded(scorer.method, path))
    example = scorer.method.example(2)
    with torch.no_grad():
        device = next(network.parameters()).device
        moved = {name: value.to(device) for name, value in example.items()}
        ours = scorer.method.score(scorer.method.run(network, moved)).cpu()
        theirs = scorer.method.score(scorer._run(example))
    if not torch.allclose(ours.float(), theirs.float(), rtol=_AGREES, atol=_AGREES):
        raise ModelError(f"{path} does not say what {scorer.file} says; give it with --weights.")
    return network
