"""Finding the known recording that a sound was taken from, and which seconds of it differ.

Words that nearly agree vote for a place of the suspect in a known recording (Haitsma and Kalker
2002, section 5); a place counts when the bits along it agree for long enough. Several places of one
recording are pieces that were cut out or put into another order. A changed speed is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unmask.index.audio_fingerprint import RATE as SOUND_RATE
from unmask.index.audio_fingerprint import STEP, WINDOW, Codes
from unmask.index.hamming import near_pairs
from unmask.index.store import Entry
from unmask.types import Span, Tensor

_NEAR_BITS = 4
_CHUNK = 640
_TRIED = 12
_AVERAGED = 48
_ALIKE, _MEAN = 0.36, 0.33
_SHORTEST = 60
_SHORTEST_GAP = 0.25
_PER_DIAGONAL = 2
_SHORTEST_CUT = 0.08
_SAME = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """Seconds of the suspect and where they begin in the known recording."""

    start: float
    end: float
    known: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A known recording found in a sound. ``errors``: share of bits that differ in the pieces."""

    owner: int
    pieces: tuple[Piece, ...]
    errors: float
    differs: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        """How much of the suspect is the known recording."""
        return sum(piece.end - piece.start for piece in self.pieces)


class Recordings:
    """The known recordings, ready to be searched."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        parts = [entry.keys.codes for entry in entries]
        self._codes: Codes = np.concatenate([np.zeros(0, np.uint32), *parts])
        self._ends = np.cumsum([len(part) for part in parts])

    def find(self, phases: Sequence[Codes], most: int = 5) -> list[Heard]:
        """The items that are heard, the longest first.

        ``phases``: the words of the suspect, from its start and from half a step later.
        """
        length = min(map(len, phases), default=0)
        if not length or not len(self._codes):
            return []
        places: dict[int, list[tuple[int, Tensor]]] = {}
        for codes in (phase[:length] for phase in phases):
            for owner, offset in self._places(codes):
                errors = self._errors(codes, owner, offset)
                if errors is not None:
                    places.setdefault(owner, []).append((offset, errors))
        found = [heard for owner, some in places.items() if (heard := _joined(owner, some))]
        return sorted(found, key=lambda heard: -heard.seconds)[:most]

    def _places(self, codes: Codes) -> Iterator[tuple[int, int]]:
        """Items and offsets (the known step of the suspect's first) that words vote for."""
        votes: dict[tuple[int, int], int] = {}
        for first in range(0, len(codes), _CHUNK):
            mine = codes[first : first + _CHUNK]
            voiced = np.nonzero(mine)[0]
            at, theirs = near_pairs(mine[voiced], self._codes, _NEAR_BITS)
            owners = np.searchsorted(self._ends, theirs, "right")
            diagonal = (theirs - voiced[at] - first) // _PER_DIAGONAL
            pairs, counts = np.unique(np.stack([owners, diagonal]), axis=1, return_counts=True)
            best = np.argsort(-counts, kind="stable")[:_TRIED]
            for index in best:
                if counts[index] >= 2:
                    key = int(pairs[0, index]), int(pairs[1, index])
                    votes[key] = max(votes.get(key, 0), int(counts[index]))
        ranked = sorted(votes, key=lambda key: -votes[key])
        for owner, band in ranked[: _TRIED * (len(codes) // _CHUNK + 1)]:
            start = int(self._ends[owner - 1]) if owner else 0
            yield owner, band * _PER_DIAGONAL - start

    def _errors(self, codes: Codes, owner: int, offset: int) -> Tensor | None:
        """The running share of differing bits along the best place near ``offset``; NaN outside."""
        start = int(self._ends[owner - 1]) if owner else 0
        known = self._codes[start : int(self._ends[owner])]
        best: Tensor | None = None
        least = np.inf
        for near in range(offset - 2, offset + 4):
            first, last = max(0, -near), min(len(codes), len(known) - near)
            if last - first < _SHORTEST:
                continue
            mine, theirs = codes[first:last], known[first + near : last + near]
            wrong = np.bitwise_count(mine ^ theirs).astype(np.float32) / 32
            wrong[(mine == 0) | (theirs == 0)] = np.nan
            line = np.full(len(codes), np.nan, np.float32)
            line[first:last] = running(wrong)
            low = line[line < _ALIKE]
            if len(low) >= _SHORTEST and float(low.mean()) - 0.001 * len(low) < least:
                least, best = float(low.mean()) - 0.001 * len(low), line
        return best


def running(values: Tensor) -> Tensor:
    """The mean over a window about each value, NaN left out; NaN where half of it is missing."""
    there = ~np.isnan(values)
    ones = np.ones(min(_AVERAGED, len(values)), np.float32)
    total = np.convolve(np.where(there, values, 0), ones, "same")
    count = np.convolve(there.astype(np.float32), ones, "same")
    mean = np.where(count >= len(ones) / 3, total / np.maximum(count, 1), np.nan)
    return np.asarray(mean, np.float32)


def _joined(owner: int, places: list[tuple[int, Tensor]]) -> Heard | None:
    """The pieces of one item: each step goes to the place that agrees best there."""
    places = _apart(places)
    table = np.stack([line for _, line in places])
    table = np.where(np.isnan(table), 1.0, table)
    choice, error = table.argmin(0), table.min(0)
    fits = error < _ALIKE
    pieces: list[Piece] = []
    errors: list[float] = []
    for first, last in runs(fits, choice):
        if last - first < _SHORTEST or float(error[first:last].mean()) > _MEAN:
            continue
        offset = places[int(choice[first])][0]
        pieces.append(_piece(first, last, offset))
        errors.append(float(error[first:last].mean()))
    if not pieces:
        return None
    gaps = [
        Span(round(a.end, 2), round(b.start, 2))
        for a, b in pairwise(pieces)
        if b.start - a.end >= _SHORTEST_GAP
    ]
    return Heard(owner, tuple(pieces), float(np.mean(errors)), tuple(gaps))


def _apart(places: list[tuple[int, Tensor]]) -> list[tuple[int, Tensor]]:
    """Of places that are the same but for a few steps, the one that agrees best."""
    kept: list[tuple[int, Tensor]] = []
    for offset, line in sorted(places, key=lambda place: -_agreement(place[1])):
        if all(abs(offset - other) > _SAME for other, _ in kept):
            kept.append((offset, line))
    return kept


def _agreement(line: Tensor) -> float:
    """How much agrees along a place: long and near counts most."""
    return float(np.nansum(np.clip(_ALIKE - line, 0, None)))


def _piece(first: int, last: int, offset: int) -> Piece:
    """Steps as seconds: a word describes the middle of its window."""
    middle = WINDOW / SOUND_RATE / 2
    start, end = first * STEP + middle, last * STEP + middle
    if first == 0:
        start = 0.0
    return Piece(round(start, 2), round(end, 2), round(start + offset * STEP, 2))


def missing(heard: Heard) -> list[tuple[float, float]]:
    """Where pieces do not follow each other as in the known recording: (second, seconds lacking).

    A negative number: so much was put in, or is heard twice.
    """
    found = []
    for a, b in pairwise(heard.pieces):
        jump = (b.known - b.start) - (a.known - a.start)
        if abs(jump) >= _SHORTEST_CUT:
            found.append((round((a.end + b.start) / 2, 2), round(jump, 2)))
    return found


def runs(fits: NDArray[np.bool_], choice: NDArray[np.int_]) -> Iterator[tuple[int, int]]:
    """First and last (excluded) step of each stretch that fits at one place."""
    marks = np.where(fits, choice, -1)
    edges = np.nonzero(np.diff(marks))[0] + 1
    bounds = [0, *edges.tolist(), len(marks)]
    for first, last in pairwise(bounds):
        if last > first and marks[first] >= 0:
            yield first, last
