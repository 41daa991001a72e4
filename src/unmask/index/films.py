"""Finding the known video that frames were taken from, and from which second on.

Hashes of frames vote for a shift in time, as the paper's matching of frames does (Facebook 2019,
section 5); the shift is believed when frames spread over time agree. Plain frames do not vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.index.hashes import Words
from unmask.index.store import Entry
from unmask.types import Span, Tensor

_NEAR_BITS = 48
_STEP = 0.2
_LEAST_FRAMES, _LEAST_SHARE = 3, 0.4
_MOST_QUERIES = 400
_BATCH = 1 << 22
_JUMP = 14.0
_SHORTEST = 0.6


@dataclass(frozen=True, slots=True)
class Watched:
    """A known video found in a suspect.

    ``start``, ``end``: its seconds in the suspect; ``known``: the second of the known video at
    ``start``. ``bits``: the median distance of frames. ``differs``: seconds whose frames differ
    more than the rest.
    """

    owner: int
    start: float
    end: float
    known: float
    bits: float
    frames: int
    turn: int
    differs: tuple[Span, ...]


class Films:
    """The known videos, ready to be searched."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        keys = [entry.keys for entry in entries]
        self._hashes: Words = np.concatenate(
            [np.zeros((0, 4), np.uint64), *(k.hashes for k in keys)]
        )
        self._times = np.concatenate([np.zeros(0, np.float32), *(k.times for k in keys)])
        self._owners = np.repeat(np.arange(len(keys)), [len(k.hashes) for k in keys])

    def find(self, times: Tensor, turns: dict[int, Words], most: int = 5) -> list[Watched]:
        """The videos that frames come from. ``turns``: their hashes, upright and mirrored."""
        found = [
            watched
            for turn, hashes in turns.items()
            for watched in self._one_way(times, hashes, turn)
        ]
        best: dict[int, Watched] = {}
        for watched in sorted(found, key=lambda one: (-one.frames, one.bits)):
            best.setdefault(watched.owner, watched)
        return sorted(best.values(), key=lambda one: one.bits)[:most]

    def _one_way(self, times: Tensor, hashes: Words, turn: int) -> list[Watched]:
        if not len(times) or not len(self._hashes):
            return []
        chosen = np.unique(
            np.linspace(0, len(times) - 1, min(len(times), _MOST_QUERIES)).astype(int)
        )
        queries, theirs, bits = self._near(hashes[chosen])
        queries = chosen[queries]
        owners = self._owners[theirs]
        found = []
        for owner in np.unique(owners):
            mine = owners == owner
            shifts = self._times[theirs[mine]] - times[queries[mine]]
            shift = _voted(shifts, queries[mine], bits[mine])
            watched = self._along(int(owner), times, hashes, shift, turn)
            if watched is not None:
                found.append(watched)
        return found

    def _near(self, hashes: Words) -> tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]]:
        """Pairs of frames (query, known) that look alike, and the bits in which they differ."""
        step = max(1, _BATCH // max(1, len(self._hashes)))
        some: list[NDArray[np.int_]] = []
        for first in range(0, len(hashes), step):
            block = hashes[first : first + step]
            away = np.zeros((len(block), len(self._hashes)), np.uint16)
            for word in range(4):
                away += np.bitwise_count(block[:, word, None] ^ self._hashes[None, :, word])
            query, known = np.nonzero(away <= _NEAR_BITS)
            some.append(np.stack([query + first, known, away[query, known].astype(int)]))
        joined = np.concatenate(some, axis=1)
        return joined[0], joined[1], joined[2]

    def _along(
        self, owner: int, times: Tensor, hashes: Words, shift: float, turn: int
    ) -> Watched | None:
        """How the frames compare with those of one video at one shift."""
        own = self._owners == owner
        known_times, known = self._times[own], self._hashes[own]
        at = times + shift
        inside = (at >= known_times[0] - _STEP) & (at <= known_times[-1] + _STEP)
        if inside.sum() < _LEAST_FRAMES:
            return None
        right = np.clip(np.searchsorted(known_times, at[inside]), 1, max(1, len(known_times) - 1))
        sides = [np.clip(right - k, 0, len(known) - 1) for k in (0, 1)]
        mine = hashes[inside]
        away = np.min(
            [np.bitwise_count(mine ^ known[side]).sum(1, dtype=np.int64) for side in sides], axis=0
        )
        near = away <= _NEAR_BITS
        if near.sum() < _LEAST_FRAMES or near.mean() < _LEAST_SHARE:
            return None
        usual = float(np.median(away[near]))
        seconds = times[inside]
        first, last = float(seconds[near][0]), float(seconds[near][-1])
        limit = max(_NEAR_BITS / 2, usual + _JUMP)
        spans = _spans(seconds, (away > limit) & (seconds > first) & (seconds < last))
        return Watched(
            owner=owner,
            start=round(first, 2),
            end=round(last, 2),
            known=round(max(0.0, first + shift), 2),
            bits=usual,
            frames=int(near.sum()),
            turn=turn,
            differs=spans,
        )


def _voted(shifts: Tensor, queries: NDArray[np.int_], bits: NDArray[np.int_]) -> float:
    """The shift with the most evidence: each frame counts once a step, by how near it is."""
    cells = np.rint(shifts / _STEP).astype(int)
    weight: dict[tuple[int, int], int] = {}
    for cell, query, away in zip(cells.tolist(), queries.tolist(), bits.tolist(), strict=True):
        key = cell, query
        weight[key] = max(weight.get(key, 0), _NEAR_BITS + 1 - away)
    total: dict[int, int] = {}
    for (cell, _), value in weight.items():
        for near in (cell - 1, cell, cell + 1):
            total[near] = total.get(near, 0) + value * (2 if near == cell else 1)
    best = max(total, key=lambda cell: total[cell])
    around = np.abs(cells - best) <= 1
    weights = (_NEAR_BITS + 1 - bits[around]).astype(np.float64) ** 2
    return float(np.average(shifts[around], weights=weights))


def _spans(seconds: Tensor, odd: NDArray[np.bool_]) -> tuple[Span, ...]:
    """Stretches of odd frames that last."""
    spans: list[Span] = []
    begun: float | None = None
    for second, is_odd in zip(seconds.tolist(), odd.tolist(), strict=True):
        if is_odd and begun is None:
            begun = second
        elif not is_odd and begun is not None:
            if second - begun >= _SHORTEST:
                spans.append(Span(round(begun, 2), round(second, 2)))
            begun = None
    return tuple(spans)
