"""Where the face of a video becomes that of another person, and back.

The looks of a video are gathered into persons (leader clustering, Hartigan 1975, ch. 3, then the
leaders that lie near are joined), and each followed face is cut where the person stays another
one for longer than a glance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from unmask.identity.distance import mean_vector
from unmask.identity.face_trail import Look
from unmask.types import Box, Span, Tensor

APART = 0.055
"""One less the cosine from which on two faces of one video are two persons'. Within a video, 1 % of
looks lie further than 0.041 from the mean of their face; between persons, 5 % nearer than 0.084."""
_GLANCE = 0.55
"""Seconds of a change that do not count: a turned head, a hand before the face."""
_GAP = 1.2
_INPLACE = 0.25
"""Overlap of the boxes before and after a change from which on the face stayed in its place."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of a followed face that shows one person.

    ``person``: number of the person in this file, 0 for the one seen most. ``vectors``: its looks
    (n × d). ``first`` and ``last``: its boxes at the ends.
    """

    person: int
    track: int
    span: Span
    vectors: Tensor
    first: Box
    last: Box

    @property
    def centre(self) -> Tensor:
        """Its mean embedding (d)."""
        return mean_vector(self.vectors)


@dataclass(frozen=True, slots=True)
class Change:
    """Two episodes in a row of which the second shows another person.

    ``inplace``: without a cut, or with the face in the same place after it.
    """

    before: Episode
    after: Episode
    inplace: bool


def persons(vectors: Tensor, apart: float = APART) -> NDArray[np.int64]:
    """The number of the person of each look (n × d), 0 for the one seen most."""
    sums: list[NDArray[np.float64]] = []
    counts: list[int] = []
    labels = np.zeros(len(vectors), np.int64)
    for i, vector in enumerate(vectors):
        away = [1 - float(vector @ total) / float(np.linalg.norm(total)) for total in sums]
        near = int(np.argmin(away)) if away else -1
        if near < 0 or away[near] >= apart:
            sums.append(np.zeros(len(vector)))
            counts.append(0)
            near = len(sums) - 1
        sums[near] += vector
        counts[near] += 1
        labels[i] = near
    centres = [total / np.linalg.norm(total) for total in sums]
    order = sorted(range(len(sums)), key=lambda k: -counts[k])
    stands: dict[int, int] = {}
    for k in order:
        near = next((m for m in stands.values() if 1 - centres[k] @ centres[m] < apart), k)
        stands[k] = near
    kept = list(dict.fromkeys(stands[k] for k in order))
    return np.array([kept.index(stands[int(label)]) for label in labels], np.int64)


def episodes(looks: Sequence[Look]) -> list[Episode]:
    """The looks of a video as stretches of one person, in order of time.

    A followed face is cut half way between the last look at one person and the first at another.
    """
    if not looks:
        return []
    labels = persons(np.stack([look.vector for look in looks]))
    times = sorted({look.time for look in looks})
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.2
    found: list[Episode] = []
    tracks: dict[int, list[tuple[Look, int]]] = {}
    for look, label in zip(looks, labels, strict=True):
        tracks.setdefault(look.track, []).append((look, int(label)))
    for number, items in tracks.items():
        found += _cut(number, _steady(items, step), times, step)
    return sorted(found, key=lambda episode: (episode.span.start, episode.track))


def _span(first: float, last: float, times: list[float], step: float) -> Span:
    """From half way to the look before the first, to half way to the one after the last."""
    before, after = bisect_left(times, first), bisect_right(times, last)
    start = max(first - step, (times[before - 1] + first) / 2) if before else first
    end = min(last + step, (last + times[after]) / 2) if after < len(times) else last + step
    return Span(start, end)


def _steady(items: list[tuple[Look, int]], step: float) -> list[tuple[Look, int]]:
    """A followed face without glances: a short run takes the person before it, or the next."""
    runs = [(label, list(part)) for label, part in groupby(items, key=lambda item: item[1])]
    while len(runs) > 1:
        lengths = [part[-1][0].time - part[0][0].time + step for _, part in runs]
        i = int(np.argmin(lengths))
        if lengths[i] >= _GLANCE:
            break
        into = i - 1 if i else 1
        label = runs[into][0]
        runs[into] = (label, sorted(runs[into][1] + runs[i][1], key=lambda item: item[0].time))
        del runs[i]
        runs = [
            (label, [item for _, part in some for item in part])
            for label, some in ((k, list(g)) for k, g in groupby(runs, key=lambda run: run[0]))
        ]
    return [(look, label) for label, part in runs for look, _ in part]


def _cut(
    track: int, items: list[tuple[Look, int]], times: list[float], step: float
) -> list[Episode]:
    found: list[Episode] = []
    for label, part in groupby(items, key=lambda item: item[1]):
        some = [look for look, _ in part]
        span = _span(some[0].time, some[-1].time, times, step)
        rows = np.stack([look.vector for look in some])
        found.append(Episode(label, track, span, rows, some[0].box, some[-1].box))
    return found


def changes(found: Sequence[Episode], cuts: Sequence[float]) -> list[Change]:
    """Where one person follows another: in one followed face, or in its place."""
    out: list[Change] = []
    for i, after in enumerate(found):
        for before in found[:i]:
            gap = after.span.start - before.span.end
            if before.person == after.person or abs(gap) > _GAP:
                continue
            near = before.last.iou(after.first) >= _INPLACE
            cut = any(before.span.end - 0.3 <= time <= after.span.start + 0.3 for time in cuts)
            if before.track == after.track or near:
                out.append(Change(before, after, not cut or near))
    return out
