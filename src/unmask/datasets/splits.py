"""Which group stands in which split: by a hash of its name, so that it never moves or is cut."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.datasets.manifest import SPLITS, Item
from unmask.errors import SettingError

SHARES = (0.8, 0.1, 0.1)
"""Shares of train, val and test when a dataset has no splits of its own."""
FEW = 500
"""Groups of one class under which shares are met exactly and not by chance."""
LEAST = 30
"""Items of a class that a part needs before its figures say something."""
VAL_SHARE = 0.1
"""Share of the training groups that become validation when a dataset has none."""


def place(group: str, seed: int = 0) -> float:
    """A fixed place of a group in 0…1, evenly spread over groups."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_all(
    items: Iterable[Item], shares: Sequence[float] = SHARES, seed: int = 0
) -> tuple[Item, ...]:
    """Every item in the split that the hash of its group gives.

    Groups of the same classes (real, forged or both) are split apart from each other. Where there
    are fewer than ``FEW`` of them the shares are met exactly, in the order of the hash, so that no
    part is left without a class by chance; a new file may then move a group at an edge. ``shares``:
    those of train, val and test; they sum to 1. Raises SettingError when not.
    """
    if len(shares) != len(SPLITS) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise SettingError(f"Shares are {tuple(shares)}; give three of 0…1 that sum to 1.")

    rows = tuple(items)
    found: dict[str, str] = {}
    for groups in _alike(rows, seed):
        if len(groups) < FEW:
            counts = _counts(len(groups), shares)
            names = [name for name, count in zip(SPLITS, counts, strict=True) for _ in range(count)]
            found |= dict(zip(groups, names, strict=True))
        else:
            found |= {group: _at(place(group, seed), shares) for group in groups}
    return tuple(replace(item, split=found[item.group]) for item in rows)


def _at(spot: float, shares: Sequence[float]) -> str:
    return "train" if spot < shares[0] else "val" if spot < shares[0] + shares[1] else "test"


def _counts(groups: int, shares: Sequence[float]) -> tuple[int, int, int]:
    """How many groups train, validate and test: no part is empty that can have one."""
    least = 1 if groups >= len(SPLITS) else 0
    val, test = (max(least, round(share * groups)) if share else 0 for share in shares[1:])
    if not shares[0] and val + test != groups:
        test = groups - val if shares[2] else 0
        val = groups - test
    while val + test > groups:
        val, test = (val - 1, test) if val > test else (val, test - 1)
    return groups - val - test, val, test


def _alike(items: Sequence[Item], seed: int) -> list[list[str]]:
    """Groups that hold the same classes, each list in the order of the hash."""
    classes: dict[str, set[int]] = defaultdict(set)
    for item in items:
        classes[item.group].add(item.label)
    alike: dict[frozenset[int], list[str]] = defaultdict(list)
    for group in sorted(classes, key=lambda group: place(group, seed)):
        alike[frozenset(classes[group])].append(group)
    return list(alike.values())


def scarce(items: Iterable[Item]) -> list[str]:
    """A note on every part in which a class has fewer than ``LEAST`` items, with the counts."""
    rows = list(items)
    notes = []
    for split in SPLITS:
        counts = [sum(i.split == split and i.label == label for i in rows) for label in (0, 1)]
        small = [count for count in counts if count < LEAST]
        if sum(counts) and small and len({item.label for item in rows}) == 2:
            notes.append(
                f"{split} holds {counts[0]} real and {counts[1]} forged items: figures of so few "
                f"are uncertain; from {LEAST} of each on they begin to say something."
            )
    return notes


def split_off_val(
    items: Iterable[Item], share: float = VAL_SHARE, seed: int = 0
) -> tuple[Item, ...]:
    """Training groups whose hash falls under ``share`` become validation, class by class.

    A group that is far larger than the share stays in training. Nothing changes when validation
    holds every class that training holds, or when it would not hold them afterwards.
    """
    rows = tuple(items)
    wanted = {item.label for item in rows if item.split == "train"}
    if wanted <= {item.label for item in rows if item.split == "val"}:
        return rows
    train = [item for item in rows if item.split == "train"]
    sizes = Counter(item.group for item in train)
    most = 2 * max(share, 1 / len(sizes)) * len(train)
    small = {group for group, size in sizes.items() if size <= most}
    val: set[str] = set()
    for groups in _alike([item for item in train if item.group in small], seed):
        if len(groups) < FEW:
            val.update(groups[: max(round(share * len(groups)), int(len(groups) > 1))])
        else:
            val.update(group for group in groups if place(group, seed) < share)
    if not val and len(sizes) > 1:  # few groups: the one that comes first
        val = set(sorted(small, key=lambda group: place(group, seed))[:1])
    moved = tuple(
        replace(item, split="val") if item.split == "train" and item.group in val else item
        for item in rows
    )
    both = all(wanted <= {i.label for i in moved if i.split == name} for name in ("train", "val"))
    return moved if both else rows


def united(items: Iterable[Item]) -> tuple[Item, ...]:
    """Identities that occur together become one group.

    An item's ``group`` names all identities in it with ``+`` between ("000+003"). Identities that
    are linked by any chain of items are one group, called by its members, or by the first and the
    number of others when there are more than four.
    """
    from scipy.cluster.hierarchy import DisjointSet

    rows = tuple(items)
    sets = DisjointSet()
    for item in rows:
        identities = item.group.split("+")
        for identity in identities:
            sets.add(identity)
            sets.merge(identities[0], identity)
    names: dict[str, str] = {}
    for members in sets.subsets():
        ordered = sorted(members)
        name = "+".join(ordered) if len(ordered) < 5 else f"{ordered[0]}+{len(ordered) - 1}"
        names.update(dict.fromkeys(members, name))
    return tuple(replace(item, group=names[item.group.split("+")[0]]) for item in rows)


def crossing(
    items: Sequence[Item], name: Callable[[Item], str] = lambda item: item.group
) -> dict[str, tuple[str, ...]]:
    """Groups that stand in several splits, and in which.

    ``name``: what else than the group an item belongs to. Nine bytes a row are held, and of names
    only those that are found.
    """
    hashes = _hashes(map(name, items))
    codes = np.fromiter((SPLITS.index(item.split) for item in items), np.int8, len(hashes))
    order = np.lexsort((codes, hashes))
    hashes, codes = hashes[order], codes[order]
    change = (hashes[1:] == hashes[:-1]) & (codes[1:] != codes[:-1])
    several = set(hashes[1:][change].tolist())
    seen: dict[str, set[str]] = defaultdict(set)
    for item in items if several else ():
        if (group := name(item)) and hash(group) in several:
            seen[group].add(item.split)
    return {
        group: tuple(split for split in SPLITS if split in splits)
        for group, splits in sorted(seen.items())
        if len(splits) > 1
    }


def _hashes(names: Iterable[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, names), np.int64)
