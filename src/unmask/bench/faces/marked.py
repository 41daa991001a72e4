"""Boxes named in clips, by whatever program: how well they are found and named.

After FANVID: a box is right when it overlaps one of the truth and says the right name; of plates
each right character counts, and boxes where no plate is are not held against a program, because
plates of others are not marked.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unmask.datasets.adapters.fanvid import Marked
from unmask.errors import DataError
from unmask.types import Box

COLUMNS = ("clip", "frame", "left", "top", "width", "height", "told", "confidence")


@dataclass(frozen=True, slots=True)
class Found:
    """A box that a program gives, what it says of it, and how sure it is."""

    marked: Marked
    confidence: float


@dataclass(frozen=True, slots=True)
class Named:
    """``places``: average precision of boxes alone; ``named``: of boxes that say what is right."""

    boxes: int
    found: int
    places: float
    named: float


def read_found(path: Path) -> list[Found]:
    """A table of ``COLUMNS``. Raises DataError for one that is not."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return [
            Found(
                Marked(
                    row["clip"], int(row["frame"]),
                    Box(*(float(row[name]) for name in COLUMNS[2:6])), row["told"].strip(),
                ),
                float(row["confidence"]),
            )
            for row in rows
        ]  # fmt: skip
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(
            f"{path} is no table of boxes ({error!r}). Its columns: {', '.join(COLUMNS)}."
        ) from None


def score(truth: Sequence[Marked], found: Sequence[Found], overlap: float, plates: bool) -> Named:
    """How well boxes are found and named at an overlap (intersection over union)."""
    marked: dict[tuple[str, int], list[Marked]] = defaultdict(list)
    for right in truth:
        marked[right.clip, right.frame].append(right)
    free = {key: list(range(len(rows))) for key, rows in marked.items()}
    places, worths = [], []
    for one in sorted(found, key=lambda one: -one.confidence):
        key = one.marked.clip, one.marked.frame
        rows = marked.get(key, [])
        over = [_iou(one.marked.box, row.box) for row in rows]
        best = max(free.get(key, []), key=lambda n: over[n], default=None)
        if best is None or over[best] <= overlap:
            if not plates:
                places.append(0.0)
                worths.append(0.0)
            continue
        free[key].remove(best)
        places.append(1.0)
        told, own = one.marked.told, rows[best].told
        worths.append(_alike(told, own) if plates else float(told == own))
    return Named(
        len(truth), len(found), _average_precision(places, len(truth)),
        _average_precision(places if plates else worths, len(truth), worths),
    )  # fmt: skip


def _iou(one: Box, other: Box) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(0.0, across) * max(0.0, down)
    return both / max(one.width * one.height + other.width * other.height - both, 1e-9)


def _alike(one: str, other: str) -> float:
    """The share of characters that need no change (1 less the edit distance a character)."""
    row = np.arange(len(other) + 1)
    for i, letter in enumerate(one, 1):
        before, row = row, np.empty_like(row)
        row[0] = i
        for j, own in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != own))
    return 1 - float(row[-1]) / max(len(one), len(other), 1)


def _average_precision(hits: Sequence[float], truth: int, worths: Sequence[float] = ()) -> float:
    """The area under precision over recall, precision made to fall.

    ``hits``: 0 or 1, surest first. ``worths``: how much of a hit counts, where that is not all.
    """
    if not truth:
        return float("nan")
    worths = worths or hits
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(right) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(falling * np.asarray(worths)) / truth) if len(right) else 0.0
