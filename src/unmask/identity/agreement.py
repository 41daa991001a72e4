"""Do references show one person? If not, no answer is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unmask.identity.distance import distances, mean_vector
from unmask.identity.profile import Reference, vectors
from unmask.types import Tensor

_STRAYS = 0.2
"""Share of sources that may stand apart and be left out; more are another person's."""
_LEAST_MAIN = 3


def groups(rows: Tensor, limit: float) -> NDArray[np.int64]:
    """Number of the group of each row (n × d, length 1), by average linkage up to ``limit``.

    Groups are joined, nearest first, while the mean of one less the cosine between their members
    is under ``limit`` (the unweighted pair-group method, Sokal and Michener 1958).
    """
    member = [[i] for i in range(len(rows))]
    away = distances(rows, rows).astype(np.float64)
    np.fill_diagonal(away, np.inf)
    alive = np.ones(len(rows), bool)
    while alive.sum() > 1:
        a, b = divmod(int(np.argmin(away)), len(rows))
        if away[a, b] >= limit:
            break
        n, m = len(member[a]), len(member[b])
        joined = (n * away[a] + m * away[b]) / (n + m)
        joined[a] = joined[b] = np.inf
        away[a] = joined
        away[:, a] = joined
        away[b] = np.inf
        away[:, b] = np.inf
        alive[b] = False
        member[a] += member[b]
    out = np.zeros(len(rows), np.int64)
    kept = sorted((member[i] for i in np.flatnonzero(alive)), key=len, reverse=True)
    for number, rows_of in enumerate(kept):
        out[rows_of] = number
    return out


def split(references: Sequence[Reference], limit: float) -> tuple[list[str], list[list[str]]]:
    """Sources that show the person of most, and the sources of each other person.

    Each file counts once for each person whom it shows, so that a long video does not outvote
    many photos.
    """
    items = tuple(references)
    if not items:
        return [], []
    rows = vectors(items)
    by_source: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        by_source.setdefault(item.source, []).append(i)
    names: list[str] = []
    means: list[Tensor] = []
    for source, places in by_source.items():
        inner = groups(rows[places][:200], limit)
        for number in range(int(inner.max()) + 1):
            part = rows[places][:200][inner == number]
            if number == 0 or len(part) >= max(2, 0.2 * len(inner)):
                names.append(source)
                means.append(mean_vector(part))
    outer = groups(np.stack(means), limit)
    found = [
        [name for name, group in zip(names, outer, strict=True) if group == number]
        for number in range(int(outer.max()) + 1)
    ]
    return found[0], found[1:]


def strays(main: list[str], others: list[list[str]]) -> list[str] | None:
    """Sources that stand apart and may be left out; ``None``: these are references of two people.

    A few single files beside many that agree are taken for mistakes.
    """
    apart = [source for group in others for source in group]
    if not apart:
        return []
    single = all(len(group) == 1 for group in others)
    few = len(apart) <= _STRAYS * (len(main) + len(apart))
    return apart if single and few and len(main) >= _LEAST_MAIN else None
