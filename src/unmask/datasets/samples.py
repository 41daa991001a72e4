"""A manifest as training takes it: inputs of a card and targets, item by item."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, default_collate

from unmask.cards.card import Input
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Loaded, Reader, check_inputs
from unmask.errors import DataError, MediaError, UnmaskError
from unmask.forge import launder, launder_sound
from unmask.forge.changes import drawn, read_changes
from unmask.types import Samples

if TYPE_CHECKING:
    from unmask.train.recipe import Recipe

Batch = dict[str, torch.Tensor]
Targets = Callable[[Item, Loaded], Mapping[str, NDArray[np.generic]]]
"""Further entries of an item that a method makes: its targets, the tokens of its text."""
AUGMENTATIONS = {"flip": 0.0, "launder": 0.0, "strength": 1.0}
"""Names and defaults of ``[settings.augment]``."""
POSITIONS = 8
_MOST_BROKEN = 0.05
_FEW = 3
_TRIES = 20


def require_masks(part: Manifest, who: str) -> None:
    """Raise DataError when no item of ``part`` has a mask; ``who``: the method that needs them."""
    if not any(item.mask for item in part):
        raise DataError(f"{who} learns from masks; no item to train on has one (mask).")


class Prepared(Dataset[Batch]):
    """Items of ``manifest`` as the inputs of a card and their targets.

    Each entry holds the inputs by name (pictures as 8-bit values; sound in -1…1), ``label`` (0 or
    1), ``index`` (the item's place in the manifest), and where the manifest has them: ``mask``
    (height × width of the first picture input) with ``masked`` (whether it is known), ``box`` (cx,
    cy, w, h in shares of the input; zeros without one), ``segments`` (as many rows as the item
    with most has; seconds from the start of what was taken, -1 where there is none). ``targets``
    adds what a method defines itself; those named in ``maps`` lie over the picture and are mirrored
    with it.

    In training there are ``recipe.samples`` entries, and entry *i* depends on (seed, i) alone.
    Settings of the recipe: ``balance`` (true): real and forged take turns; "lists": every dataset
    and way of forging (source, class and generator) in equal shares; false: as they come;
    ``augment``: ``flip`` (chance), ``launder`` (chance of a chain of ``unmask.forge``, pictures and
    sound, of ``strength``), ``changes`` of pictures (see ``unmask.forge.changes``), all drawn
    before the label is looked at; ``augment_fakes`` (true): if not, forged items stay as they are.
    In evaluation there is one entry an item, or ``positions`` (8) spread over it for videos of
    which a network sees a part; nothing is drawn.

    A file that cannot be read is left out with a warning that names and counts it; in training
    another one stands in, in evaluation its entry is empty (see ``collate``). Raises DataError
    when more than 5 % are broken, when training would see one class only, or for an unknown
    setting.
    """

    def __init__(
        self,
        manifest: Manifest,
        inputs: Sequence[Input],
        recipe: Recipe,
        train: bool = True,
        targets: Targets | None = None,
        maps: Sequence[str] = (),
    ) -> None:
        check_inputs(inputs)
        if not manifest.items:
            raise DataError("There is no item to prepare: this part of the manifest is empty.")
        self.manifest, self.inputs, self.train, self.targets = (
            manifest,
            tuple(inputs),
            train,
            targets,
        )
        self.maps = frozenset(maps)
        self.seed = recipe.seed
        self.reader = Reader(manifest, inputs)
        settings = recipe.settings
        augment = dict(settings.get("augment", {}))
        self.changes = read_changes(augment.pop("changes", {}))
        self.augment = _augmentations(augment)
        self.augment_fakes = bool(settings.get("augment_fakes", True))
        self._read = 0
        self._broken: dict[str, str] = {}
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._masks = any(item.mask for item in manifest)
        self._boxes = any(item.box for item in manifest)
        self._segments = max(len(item.segments) for item in manifest)
        labels = np.array([item.label for item in manifest])
        if train:
            self._pools = _pools(manifest.items, labels, settings.get("balance", True))
            self._length = recipe.samples
        else:
            self._rows = list(self._evaluated(int(settings.get("positions", POSITIONS))))
            self._length = len(self._rows)

    def _evaluated(self, positions: int) -> Iterable[tuple[int, float]]:
        """Place in the manifest and moment of each entry."""
        parts = any(
            part.take in ("face", "light", "picture")
            or (part.take in ("clip", "points") and part.step)
            for part in self.inputs
        )
        for place, item in enumerate(self.manifest):
            number = positions if item.kind == "video" and parts else 1
            yield from ((place, (k + 0.5) / number if number > 1 else 0.0) for k in range(number))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Batch:
        if not self.train:
            place, moment = self._rows[index]
            return self._tried(place, Draw(moment)) or {}
        for attempt in range(_TRIES):
            rng = np.random.default_rng([self.seed, index, attempt])
            draw, flip = self._drawn(rng)
            place = self._place(index) if not attempt else self._another(index, rng)
            if self.manifest.items[place].label and not self.augment_fakes:
                draw, flip = replace(draw, change=None, change_sound=None), False
            batch = self._tried(place, draw)
            if batch is not None:
                return self._flipped(batch) if flip else batch
        raise DataError(f"{_TRIES} files in a row could not be read; the last: {self._last()}")

    def _order(self, pool: int, epoch: int) -> NDArray[np.int64]:
        """The pool in the order of one epoch."""
        key = pool, epoch
        if key not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k[1] >= epoch - 1}
            rng = np.random.default_rng([self.seed, epoch, pool, 1])
            self._orders[key] = rng.permutation(self._pools[pool])
        return self._orders[key]

    def _place(self, index: int) -> int:
        """Which item entry ``index`` shows: every item of a class once before any comes again."""
        pools = len(self._pools)
        pool, number = index % pools, index // pools
        epoch, place = divmod(number, len(self._pools[pool]))
        return int(self._order(pool, epoch)[place])

    def _another(self, index: int, rng: np.random.Generator) -> int:
        return int(rng.choice(self._pools[index % len(self._pools)]))

    def _drawn(self, rng: np.random.Generator) -> tuple[Draw, bool]:
        """What is done to an item, drawn without knowledge of its class."""
        moment, x, y = rng.random(3)
        flip = bool(rng.random() < self.augment["flip"])
        changed = bool(rng.random() < self.augment["launder"])
        seed = int(rng.integers(2**63))
        if not changed:
            chain = drawn(self.changes, np.random.default_rng(seed))
            return Draw(moment, (x, y), chain if chain.steps else None), flip
        strength = self.augment["strength"]
        chain = launder.draw_chain(np.random.default_rng(seed), strength)
        more = drawn(self.changes, np.random.default_rng([seed, 1]))
        chain = launder.Chain((*chain.steps, *more.steps))

        def change_sound(samples: Samples, rate: int) -> Samples:
            return launder_sound.launder(samples, rate, np.random.default_rng(seed), strength)

        return Draw(moment, (x, y), chain, change_sound), flip

    def _tried(self, place: int, draw: Draw) -> Batch | None:
        """An item, or None and a warning when its file is broken."""
        item = self.manifest.items[place]
        self._read += 1
        try:
            loaded = self.reader.read(item, draw)
            return self._batch(item, place, loaded)
        except MediaError as error:
            if item.path not in self._broken:
                self._broken[item.path] = str(error)
                self._warn()
            return None

    def _warn(self) -> None:
        count = len(self._broken)
        if count > max(_FEW, _MOST_BROKEN * self._read):
            raise DataError(
                f"{count} of the first {self._read} items cannot be read, allowed are "
                f"{_MOST_BROKEN:.0%}; the last: {self._last()}"
            )
        message = f"left out, {count} of {self._read} so far: {self._last()}"
        warnings.warn(message, stacklevel=3)

    def _last(self) -> str:
        path, why = list(self._broken.items())[-1]
        return f"{path}: {why}"

    def _batch(self, item: Item, place: int, loaded: Loaded) -> Batch:
        values: dict[str, Any] = dict(loaded.arrays)
        if self._masks and loaded.view is not None:
            mask = self.reader.mask(item, loaded)
            known = mask is not None
            empty = np.zeros((loaded.view.height, loaded.view.width), np.float32)
            values |= {"mask": mask if known else empty, "masked": np.float32(known)}
        if self._boxes and loaded.view is not None:
            values["box"] = loaded.view.target(item.box) if item.box else np.zeros(4, np.float32)
        if self._segments:
            values["segments"] = self._stretches(item, loaded)
        if self.targets is not None:
            values |= self.targets(item, loaded)
        batch = {name: torch.as_tensor(np.asarray(value)) for name, value in values.items()}
        batch["label"] = torch.tensor(float(item.label))
        batch["index"] = torch.tensor(place)
        return batch

    def _stretches(self, item: Item, loaded: Loaded) -> NDArray[np.float32]:
        """Forged stretches within what was taken, in seconds from its start."""
        rows = np.full((self._segments, 2), -1, np.float32)
        inside = [
            (max(begin - loaded.start, 0.0), min(end - loaded.start, loaded.seconds))
            for begin, end in item.segments
            if end > loaded.start and begin < loaded.start + loaded.seconds
        ]
        rows[: len(inside)] = np.array(inside, np.float32).reshape(-1, 2)
        return rows

    def _flipped(self, batch: Batch) -> Batch:
        """Pictures, masks, maps and box mirrored; sound as it is."""
        shown = {p.name for p in self.inputs if p.take in ("face", "picture", "clip", "frames")}
        shown |= {"mask", *self.maps}
        done = {n: v.flip(-1) if n in shown else v for n, v in batch.items()}
        if "box" in batch and bool(batch["box"].any()):
            cx, *rest = batch["box"].tolist()
            done["box"] = torch.tensor([1 - cx, *rest])
        return done


def collate(rows: Sequence[Batch]) -> Batch:
    """Entries as one batch, without those that are empty because their file is broken."""
    whole = [row for row in rows if row]
    collected: Batch = default_collate(whole) if whole else {}
    return collected


def plainly(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches of a loader; what a worker process raised is the one line that it was there."""
    try:
        yield from batches
    except UnmaskError as error:
        if "\n" not in str(error):
            raise
        last = str(error).rstrip().rsplit("\n", 1)[-1]
        raise type(error)(last.partition(f"{type(error).__name__}: ")[2] or last) from None


def _pools(
    items: Sequence[Item], labels: NDArray[np.int64], balance: object
) -> list[NDArray[np.int64]]:
    """Places of items by what takes turns. Raises DataError when it is one class only."""
    if balance not in (True, False, "lists"):
        raise DataError(f'balance is {balance!r}; allowed are true, false and "lists".')
    if not balance:
        return [np.arange(len(labels))]
    if len(set(labels.tolist())) < 2:
        kind = "forged" if labels[0] else "real"
        raise DataError(
            f"All items to train on are {kind}. Add the others, or set balance = false in "
            "[settings] of the recipe."
        )
    if balance is True:
        return [np.flatnonzero(labels == side) for side in (0, 1)]
    lists: dict[tuple[str, int, str], list[int]] = {}
    for place, item in enumerate(items):
        lists.setdefault((item.source, item.label, item.generator), []).append(place)
    return [np.array(lists[name]) for name in sorted(lists)]


def _augmentations(given: Mapping[str, Any]) -> dict[str, float]:
    if unknown := sorted(set(given) - set(AUGMENTATIONS)):
        raise DataError(
            f"There is no augmentation {unknown[0]!r}. There are: {', '.join(AUGMENTATIONS)}, "
            "changes."
        )
    return AUGMENTATIONS | {name: float(value) for name, value in given.items()}
