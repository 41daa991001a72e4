"""Pairs of words that share a part of their bits, among millions, without a sorted copy of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def near_pairs(mine: NDArray[Any], theirs: NDArray[Any], most: int) -> tuple[Numbers, Numbers]:
    """Pairs (mine, theirs) that agree in one whole 16-bit part and differ in at most ``most`` bits.

    Both are words of one unsigned type. A pair that shares several parts comes once.
    """
    size = mine.dtype.itemsize // 2
    own = np.ascontiguousarray(mine).view(np.uint16).reshape(-1, size)
    other = np.ascontiguousarray(theirs).view(np.uint16).reshape(-1, size)
    found: list[Numbers] = []
    for part in range(size):
        wanted = np.zeros(1 << 16, bool)
        wanted[own[:, part]] = True
        candidates = np.nonzero(wanted[other[:, part]])[0]
        order = np.argsort(own[:, part], kind="stable")
        ordered = own[order, part]
        keys = other[candidates, part]
        first = np.searchsorted(ordered, keys, "left")
        count = np.searchsorted(ordered, keys, "right") - first
        theirs_at = np.repeat(candidates, count)
        inside = np.arange(len(theirs_at)) - np.repeat(np.cumsum(count) - count, count)
        mine_at = order[np.repeat(first, count) + inside]
        close = np.bitwise_count(mine[mine_at] ^ theirs[theirs_at]) <= most
        found.append(mine_at[close] * np.int64(len(theirs)) + theirs_at[close])
    joined = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
    width = max(1, len(theirs))
    return joined // width, joined % width
