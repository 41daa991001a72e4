"""The items of a protocol: what trains, what chooses and what is tested."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unmask.bench.absent import absent, gaps
from unmask.bench.protocol import Choice, Protocol
from unmask.datasets.adapter import adapters
from unmask.datasets.manifest import Item, Manifest, read_manifest
from unmask.datasets.splits import place
from unmask.errors import DataError

_VAL_SEED = 7
_MOST_SEED = 11


@dataclass(frozen=True, slots=True)
class Material:
    """Manifests of a protocol: ``fit`` holds the splits train and val, ``tests`` one a test set.

    ``notes``: what a reader of the figures must know, such as groups shared with training.
    """

    fit: Manifest
    tests: dict[str, Manifest]
    notes: tuple[str, ...] = ()

    @property
    def val(self) -> Manifest:
        """What chooses."""
        return self.fit.select(split="val")


def gather(protocol: Protocol, paths: Sequence[Path], kinds: Iterable[str]) -> Material:
    """The items of ``protocol`` of some ``kinds`` from manifests.

    Raises DataError when no test set has items, or when an item, or a recording that one belongs
    to, would stand in training or validation and in a test.
    """
    whole, root, told = _pool(paths)
    able = set(kinds) & set(protocol.kinds)
    pool = [(item, name) for item, name in whole if item.kind in able]
    if not pool:
        raise DataError(f"The manifests hold nothing of the kinds {sorted(able)}.")
    every = {test.name: _chosen(test, pool) for test in protocol.test}
    enough = 2 if protocol.both_classes else 1
    tests = {n: items for n, items in every.items() if len({i.label for i in items}) >= enough}
    if not tests:
        wanted = ", ".join(protocol.manifests) or "one that fits its filters"
        raise DataError(
            f"No test set of {protocol.name!r} has real and forged items in these manifests. "
            f"It needs: {wanted}. Make them with: unmask data make"
        )
    train, val = _fit(protocol, pool)
    _apart(protocol, train, val, tests)
    notes = [*_shared(train, tests), *absent(protocol, every, whole), *told]
    fit = [replace(i, split="train") for i in train] + [replace(i, split="val") for i in val]
    return Material(
        Manifest(root, tuple(fit), protocol.name),
        {
            name: Manifest(root, tuple(replace(i, split="test") for i in items), name)
            for name, items in tests.items()
        },
        tuple(notes),
    )


def _below(item: Item, folder: str) -> Item:
    """The item with its paths from a folder further up."""
    return replace(
        item,
        path=f"{folder}/{item.path}",
        mask=f"{folder}/{item.mask}" if item.mask else "",
        original=f"{folder}/{item.original}" if item.original else "",
        also=tuple(f"{folder}/{path}" for path in item.also),
    )


def _pool(paths: Sequence[Path]) -> tuple[list[tuple[Item, str]], Path, list[str]]:
    """All items, their paths from one common folder, each with the name of its manifest.

    Beside them what the manifests say is not there of their datasets.
    """
    manifests = [read_manifest(path) for path in paths]
    roots = [manifest.root.resolve() for manifest in manifests]
    root = Path(os.path.commonpath(roots))
    several = len(manifests) > 1
    known = set(adapters())
    pool = []
    for manifest, own in zip(manifests, roots, strict=True):
        before = own.relative_to(root).as_posix()
        for item in manifest:
            moved = item
            if before != ".":
                moved = _below(item, before)
            if several:
                moved = replace(
                    moved,
                    item_id=f"{manifest.name}/{item.item_id}",
                    media_id=f"{manifest.name}/{item.media_id}",
                    group=f"{manifest.name}/{item.group}" if item.group else "",
                )
            # One manifest may hold several datasets; then its items say which they are of.
            pool.append((moved, item.source if item.source in known else manifest.name))
    return pool, root, [f"{m.name}: {note}" for m in manifests for note in gaps(m.notes)]


def _chosen(choice: Choice, pool: Iterable[tuple[Item, str]]) -> list[Item]:
    return _bounded([item for item, name in pool if choice.fits(item, name)], choice.most)


def _bounded(items: list[Item], most: int) -> list[Item]:
    """At most so many recordings of each class, evenly over a hash; their order stays."""
    if not most:
        return items
    kept: set[str] = set()
    for label in (0, 1):
        media = {item.media_id for item in items if item.label == label}
        kept.update(sorted(media, key=lambda name: place(name, _MOST_SEED))[:most])
    return [item for item in items if item.media_id in kept]


def _fit(
    protocol: Protocol, pool: Sequence[tuple[Item, str]]
) -> tuple[list[Item], list[Item]]:  # fmt: skip
    train = _chosen(protocol.train, pool) if protocol.train else []
    if protocol.val is None:
        return train, []
    if not protocol.val.share:
        return train, _chosen(protocol.val, pool)
    held = {i.item_id for i in train if place(_group(i), _VAL_SEED) < protocol.val.share}
    val = [item for item in train if item.item_id in held]
    rest = [item for item in train if item.item_id not in held]
    return rest, _bounded(val, protocol.val.most)


def _group(item: Item) -> str:
    return item.group or item.media_id


def _apart(
    protocol: Protocol, train: list[Item], val: list[Item], tests: dict[str, list[Item]]
) -> None:
    """Raise DataError when a test item trains or chooses."""
    for what, items in (("train", train), ("choose", val)):
        used = {item.media_id for item in items}
        for name, rows in tests.items():
            if both := sorted(used & {row.media_id for row in rows}):
                raise DataError(
                    f"{both[0]!r} would {what} and is in the test {name!r} of {protocol.name!r}; "
                    "test items may only be scored."
                )


def _shared(train: list[Item], tests: dict[str, list[Item]]) -> list[str]:
    """Notes on groups that official splits put on both sides."""
    groups = {item.group for item in train if item.group}
    counts: dict[str, int] = defaultdict(int)
    for name, rows in tests.items():
        counts[name] = len(groups & {row.group for row in rows})
    return [
        f"{count} groups of {name} are in training as well, as published."
        for name, count in counts.items()
        if count
    ]
