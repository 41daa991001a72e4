"""What is remembered of one face along a video: a few numbers, whatever the length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unmask.types import Box, Snapshot, Span

MOST_POINTS = 240
"""Points of a kept score curve; when they are full, neighbours are merged two by two."""


@dataclass(slots=True)
class Curve:
    """A score along time in bounded memory: each point is the mean of ``stride`` samples."""

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    stride: int = 1
    _time: float = 0.0
    _value: float = 0.0
    _open: int = 0

    def add(self, time: float, value: float) -> None:
        """Take one sample; times must rise."""
        self._time += time
        self._value += value
        self._open += 1
        if self._open == self.stride:
            self._close()
            if len(self.times) >= MOST_POINTS:
                self._halve()

    def _close(self) -> None:
        self.times.append(self._time / self._open)
        self.values.append(self._value / self._open)
        self._time = self._value = 0.0
        self._open = 0

    def _halve(self) -> None:
        for row in (self.times, self.values):
            row[:] = [(a + b) / 2 for a, b in zip(row[::2], row[1::2], strict=True)]
        self.stride *= 2

    def points(self) -> tuple[list[float], list[float]]:
        """Times and values, the unfinished point included."""
        if self._open == 0:
            return list(self.times), list(self.values)
        return (
            [*self.times, self._time / self._open],
            [*self.values, self._value / self._open],
        )


@dataclass(slots=True)
class History:
    """One followed face: when it was seen, its scores, its worst moment, why frames were left out.

    ``worst_mask`` holds the mask of the worst frame (rows × columns, 0…1, half precision) over
    ``worst_region``, the square that the network saw. ``problems`` counts reasons.
    """

    number: int
    first: float
    last: float
    seen: int = 0
    judged: int = 0
    total: float = 0.0
    worst: float = -np.inf
    worst_time: float = 0.0
    worst_box: Box | None = None
    worst_region: Box | None = None
    worst_mask: NDArray[np.float16] | None = None
    snapshot: Snapshot | None = None
    curve: Curve = field(default_factory=Curve)
    problems: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        """Count a sighting that could not be judged; numbers in ``why`` are dropped."""
        kind = why.partition(" (")[0]
        self.problems[kind] = self.problems.get(kind, 0) + 1

    def problem(self) -> str:
        """The commonest reason for leaving frames out."""
        return max(self.problems, key=lambda why: self.problems[why], default="")

    @property
    def score(self) -> float:
        """Mean logit over the judged frames."""
        return self.total / max(1, self.judged)


def suspect_spans(
    times: list[float], values: list[float], level: float, step: float
) -> tuple[Span, ...]:
    """Stretches where a curve, smoothed over three points, lies above ``level``.

    ``step`` (seconds between points) closes the last point of a stretch; gaps up to three steps
    are bridged.
    """
    if not times:
        return ()
    padded = np.pad(np.asarray(values, np.float64), 1, mode="edge")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    spans: list[Span] = []
    for time, value in zip(times, smooth, strict=True):
        if value <= level:
            continue
        if spans and time - spans[-1].end <= 3 * step:
            spans[-1] = Span(spans[-1].start, time + step)
        else:
            spans.append(Span(time, time + step))
    return tuple(spans)
