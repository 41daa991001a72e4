"""Which group stands in which split: by a hash of its name, so that it never moves or is cut."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

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
    train = [item for item in rows if item.split == "train"]
    wanted = {item.label for item in train}
    if wanted <= {item.label for item in rows if item.split == "val"}:
        return rows
    sizes = Counter(item.group for item in train)
    most = 2 * max(share, 1 / len(sizes)) * len(train)
    small = [group for group, size in sizes.items() if size <= most]
    val = {group for group in small if place(group, seed) < share}
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


def crossing(items: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """Groups that stand in several splits, and in which."""
    seen: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.group:
            seen[item.group].add(item.split)
    return {
        group: tuple(name for name in SPLITS if name in splits)
        for group, splits in sorted(seen.items())
        if len(splits) > 1
    }
