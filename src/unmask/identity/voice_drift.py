"""Where a recording goes over to another voice, and back.

The stretch is the run with the largest sum of evidence (the maximum-sum segment, Bentley 1984),
where the evidence of a window is how much nearer it lies to the stretch's own mean voice than to
that of the rest. Stretch and means are found in turns until they stay: two-class k-means in which
one class must be contiguous. Windows of 1.6 s find it; windows of 0.8 s place its edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.identity.distance import distance, distances, mean_vector
from unmask.identity.voice_trail import SHORT, SHORT_HOP, WINDOW, Voice
from unmask.types import Span, Tensor

Closer = Callable[[float, float, float, float], tuple[NDArray[np.float64], Tensor]]
"""Start, end, window and hop in seconds to middles and embeddings."""
_ROUND = 2.0
"""Seconds around a stretch in which its edges are sought."""
_SHORTEST = 0.8
_CORE = 5
"""Windows around the middle of a stretch that its score rests on: a dip of one window in an honest
recording then counts for little."""
_LATE = 0.08
"""Seconds by which a window speaks for a later moment than its middle: the network is recurrent."""
_TURNS = 6
_LEAST_REST = 4
"""Windows of another voice than the stretch's that are needed to tell it apart."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of another voice. Scores are distances of the mean of its middle windows.

    ``part``: against the references and the rest together; ``inside``: against the rest alone;
    ``rest``: the rest against the references.
    """

    span: Span
    part: float
    inside: float
    rest: float


def stretch(
    voice: Voice, reference: Tensor, closer: Closer, taken: NDArray[np.bool_] | None = None
) -> Stretch | None:
    """The stretch of a recording that deviates most; ``None`` when there is too little to compare.

    ``reference``: mean embedding of the references (d). ``closer`` gives finer windows. ``taken``:
    windows that belong to stretches found before.
    """
    free = np.ones(len(voice.times), bool) if taken is None else ~taken
    times, vectors = voice.times[free], voice.vectors[free]
    if len(times) <= _LEAST_REST:
        return None
    base = mean_vector(np.stack([mean_vector(vectors), reference]))
    worst = float(times[int(np.argmax(distances(vectors, base[None])))])
    span = Span(worst - WINDOW / 2, worst + WINDOW / 2)
    span = _settled(span, times, vectors, WINDOW, voice.seconds)
    low, high = span.start - _ROUND, span.end + _ROUND
    fine_times, fine = closer(low, high, SHORT, SHORT_HOP)
    far = (times < low - WINDOW / 2) | (times > high + WINDOW / 2)
    if len(fine_times):
        span = _settled(span, fine_times, fine, SHORT, voice.seconds, vectors[far])
    _, outer = _sides(span, times, WINDOW, WINDOW / 4)
    if outer.sum() < _LEAST_REST:
        return None
    core = np.argsort(np.abs(times - (span.start + span.end) / 2))[:_CORE]
    own, rest = mean_vector(vectors[core]), mean_vector(vectors[outer])
    both = mean_vector(np.stack([rest, reference]))
    return Stretch(span, distance(own, both), distance(own, rest), distance(rest, reference))


def _sides(
    span: Span, times: NDArray[np.float64], length: float, grace: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Windows inside a span and outside it, up to ``grace`` seconds over its edges."""
    half = length / 2 - grace
    inner = (times - half >= span.start) & (times + half <= span.end)
    outer = (times + half <= span.start) | (times - half >= span.end)
    if not inner.any() and len(times):
        nearest = np.abs(times - (span.start + span.end) / 2)
        inner = (nearest == nearest.min()) & ~outer
    return inner, outer


def _settled(
    span: Span,
    times: NDArray[np.float64],
    vectors: Tensor,
    length: float,
    seconds: float,
    more: Tensor | None = None,
) -> Span:
    """The span after its edges and the two means have been found in turns."""
    hop = float(np.diff(times).min()) if len(times) > 1 else length
    for _ in range(_TURNS):
        inner, outer = _sides(span, times, length, length * 0.15)
        rest = vectors[outer] if more is None else np.concatenate([vectors[outer], more])
        if not inner.any() or not len(rest):
            break
        direction = mean_vector(vectors[inner]) - mean_vector(rest)
        along = vectors @ direction
        middle = (float(along[inner].mean()) + float((rest @ direction).mean())) / 2
        first, last = _largest_sum(along - middle)
        start = 0.0 if times[first] <= length / 2 + hop else float(times[first]) - hop / 2 + _LATE
        end = float(times[last]) + hop / 2 + _LATE
        end = seconds if times[last] >= seconds - length / 2 - hop else end
        found = Span(start, end)
        if found == span or end - start < _SHORTEST:
            break
        span = found
    return Span(max(0.0, span.start), min(seconds, span.end))


def _largest_sum(values: NDArray[np.floating]) -> tuple[int, int]:
    """First and last place of the run with the largest sum."""
    best, ends, total, begin = -np.inf, (0, 0), 0.0, 0
    for i, value in enumerate(values):
        if total <= 0:
            total, begin = 0.0, i
        total += float(value)
        if total > best:
            best, ends = total, (begin, i)
    return ends
