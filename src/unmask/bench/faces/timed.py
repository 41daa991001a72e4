"""People compared within a time a picture: finding, aligning and describing a face on one core."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from unmask.bench.faces.protocol import FaceProtocol
from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError
from unmask.types import Pixels, Tensor

Program = Callable[[Pixels], Tensor | None]
"""A picture in, a vector out; nothing where no face is found."""
GROUPINGS = ("gender", "ethnicity", "age")
_MOST_PAIRS = 2_000_000


@dataclass(frozen=True, slots=True)
class Matched:
    """Errors at the threshold. ``missed``: share of pairs of one person that do not match, a
    picture without a face among them (pairs of one session, where that is known, are no test and
    left out); ``false``: share of pairs of two people that do."""

    part: str
    own: int
    other: int
    missed: float
    false: float


@dataclass(frozen=True, slots=True)
class Timed:
    """``milliseconds``: mean a picture, without decoding. ``threshold``: distance under which two
    pictures match, None where the limit was exceeded: a program that is too slow has no score."""

    milliseconds: float
    limit: float
    pictures: int
    unseen: int
    threshold: float | None
    parts: tuple[Matched, ...]


def run(
    protocol: FaceProtocol,
    data: Manifest,
    program: Program,
    read: Callable[[Item], Pixels],
    said: Callable[[int, int], None],
    clock: Callable[[], float] = time.perf_counter,
) -> list[Timed]:
    """A row a limit. ``program``: run on every picture once, after one that is not counted.

    Raises DataError without people (``subject``) of the splits val and test.
    """
    items = [item for item in data if item.kind == "image" and item.subject]
    for split in ("val", "test"):
        if len({item.subject for item in items if item.split == split}) < 2:
            raise DataError(
                f"The split {split!r} has fewer than two people with a column 'subject'. Give the "
                "manifest people of both, none in two splits."
            )
    if both := {i.subject for i in items if i.split == "val"} & {
        i.subject for i in items if i.split == "test"
    }:
        raise DataError(
            f"{len(both)} people stand in val and in test, first {min(both)!r}: the threshold "
            "would be chosen on those who are tested."
        )
    vectors: list[Tensor | None] = []
    spent = 0.0
    program(read(items[0]))
    for number, item in enumerate(items, 1):
        pixels = read(item)
        begun = clock()
        vectors.append(program(pixels))
        spent += clock() - begun
        said(number, len(items))
    mean = 1000 * spent / len(items)
    rows = list(zip(items, vectors, strict=True))
    val = _distances([row for row in rows if row[0].split == "val"])
    threshold = _threshold(val[1], protocol.rate)
    tested = [row for row in rows if row[0].split == "test"]
    parts = [_matched("everybody", tested, threshold)]
    for by in GROUPINGS:
        groups: dict[str, list[tuple[Item, Tensor | None]]] = defaultdict(list)
        for row in tested:
            if value := getattr(row[0], by):
                groups[value].append(row)
        parts += [
            _matched(f"{by} {name}", group, threshold)
            for name, group in sorted(groups.items())
            if len({item.subject for item, _ in group}) > 1
        ]
    unseen = sum(vector is None for vector in vectors)
    return [
        Timed(mean, limit, len(items), unseen, threshold, tuple(parts))
        if mean <= limit
        else Timed(mean, limit, len(items), unseen, None, ())
        for limit in protocol.limits
    ]


def _distances(rows: Sequence[tuple[Item, Tensor | None]]) -> tuple[np.ndarray, np.ndarray]:
    """Distances of pairs of one person, and of two; 2 (no match) where a picture has no vector."""
    size = next((len(vector) for _, vector in rows if vector is not None), 1)
    held = np.stack([np.zeros(size) if v is None else v / np.linalg.norm(v) for _, v in rows])
    away = 1 - held @ held.T
    away[[v is None for _, v in rows], :] = 2
    away[:, [v is None for _, v in rows]] = 2
    pairs = np.array(list(combinations(range(len(rows)), 2)), np.int64).reshape(-1, 2)
    names = np.array([item.subject for item, _ in rows])
    same = names[pairs[:, 0]] == names[pairs[:, 1]]
    sessions = np.array([item.session for item, _ in rows])
    at_once = (sessions[pairs[:, 0]] == sessions[pairs[:, 1]]) & (sessions[pairs[:, 0]] != "")
    found = away[pairs[:, 0], pairs[:, 1]]
    return found[same & ~at_once], found[~same][:_MOST_PAIRS]


def _threshold(other: np.ndarray, rate: float) -> float:
    """The largest distance under which no more than ``rate`` of pairs of two people lie."""
    allowed = int(np.floor(rate * len(other)))
    return float(np.sort(other)[allowed]) if len(other) else 0.0


def _matched(part: str, rows: Sequence[tuple[Item, Tensor | None]], threshold: float) -> Matched:
    own, other = _distances(rows)
    return Matched(
        part, len(own), len(other),
        float((own >= threshold).mean()) if len(own) else float("nan"),
        float((other < threshold).mean()) if len(other) else float("nan"),
    )  # fmt: skip
