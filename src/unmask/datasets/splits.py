"""Which group stands in which split: by a hash of its name, so that it never moves or is cut."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unmask.datasets.manifest import SPLITS, Item
from unmask.errors import SettingError

SHARES = (0.8, 0.1, 0.1)
"""Shares of train, val and test when a dataset has no splits of its own."""
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

    ``shares``: those of train, val and test; they sum to 1. Raises SettingError when not.
    """
    if len(shares) != len(SPLITS) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise SettingError(f"Shares are {tuple(shares)}; give three of 0…1 that sum to 1.")

    def split(group: str) -> str:
        at = place(group, seed)
        return "train" if at < shares[0] else "val" if at < shares[0] + shares[1] else "test"

    return tuple(replace(item, split=split(item.group)) for item in items)


def split_off_val(
    items: Iterable[Item], share: float = VAL_SHARE, seed: int = 0
) -> tuple[Item, ...]:
    """Training groups whose hash falls under ``share`` become validation.

    A group that is far larger than the share stays in training. Nothing changes when validation
    holds every class that training holds, or when it would not hold them afterwards.
    """
    rows = tuple(items)
    wanted = {item.label for item in rows if item.split == "train"}
    if wanted <= {item.label for item in rows if item.split == "val"}:
        return rows
    hashes = _hashes(item.group for item in rows if item.split == "train")
    groups, sizes = np.unique(hashes, return_counts=True)
    most = 2 * max(share, 1 / len(groups)) * len(hashes)
    large = set(groups[sizes > most].tolist())

    def where(item: Item) -> float:
        """The place of a group that may move, and 1 for the rest."""
        stays = item.split != "train" or hash(item.group) in large
        return 1.0 if stays else place(item.group, seed)

    bound = share
    if len(groups) > 1 and (first := min(map(where, rows))) >= share:
        bound = float(np.nextafter(first, 2)) if first < 1 else 0.0  # few groups: the first one
    moved = tuple(replace(item, split="val") if where(item) < bound else item for item in rows)
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
