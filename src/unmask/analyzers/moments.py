"""Stretches of time from what a network says of every moment of what it heard or saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Span


@dataclass(frozen=True, slots=True)
class Moments:
    """``values``: log-odds of moments of equal length ``step`` (seconds) from ``start`` on.

    Those after ``end`` are of what a short recording was filled up with.
    """

    values: NDArray[np.float32]
    start: float
    end: float
    step: float

    def inside(self) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """When each moment begins, and its value, before the end."""
        times = self.start + self.step * np.arange(len(self.values), dtype=np.float64)
        kept = times < self.end - 1e-6
        return np.asarray(times[kept], np.float64), self.values[kept]


def spans(parts: Sequence[Moments]) -> tuple[Span, ...]:
    """The runs of moments above 0, joined where one goes on into the next part."""
    found: list[Span] = []
    for part in parts:
        times, values = part.inside()
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            until = min(time + part.step, part.end)
            if value <= 0:
                continue
            if found and time - found[-1].end < part.step / 2:
                found[-1] = Span(found[-1].start, round(until, 3))
            else:
                found.append(Span(round(time, 3), round(until, 3)))
    return tuple(found)
