"""Stretches of time from what a network guesses at many points of a clip, which overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Span

_SIGMA = 0.7
_LEVEL = 0.5
"""The chance from which on a guess is a place."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """``rows``: chance, first and last step of each guess; steps last ``step`` seconds and are
    counted from ``start`` on. Nothing lies after ``end``."""

    rows: NDArray[np.float32]
    start: float
    end: float
    step: float

    def inside(self) -> list[tuple[float, float]]:
        """Beginning and end, in seconds, of the guesses that remain likely beside surer ones."""
        likely = self.rows[self.rows[:, 0] > _LEVEL]
        kept = [row for row in surest(likely, len(likely)) if row[0] > _LEVEL]
        ends = (np.array(kept).reshape(-1, 3)[:, 1:] * self.step + self.start).clip(
            self.start, self.end
        )
        return [(float(begin), float(end)) for begin, end in ends if end > begin]


def surest(said: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Guesses (N × 3: chance, start, end), the surest first; what overlaps a surer one loses.

    Each loses by exp(-overlap² / .7) (Bodla et al. 2017, "Soft-NMS"). Rows of zeros fill up to
    ``most``.
    """
    left = said.astype(np.float32)
    rows = np.zeros((most, 3), np.float32)
    for place in range(min(most, len(said))):
        best = int(left[:, 0].argmax())
        rows[place] = one = left[best].copy()
        left[best, 0] = -1
        common = np.minimum(left[:, 2], one[2]) - np.maximum(left[:, 1], one[1])
        common = common.clip(0)
        union = (left[:, 2] - left[:, 1]) + (one[2] - one[1]) - common
        loses = np.exp(-np.square(common / union.clip(1e-7)) / _SIGMA)
        left[:, 0] = np.where(left[:, 0] > 0, left[:, 0] * loses, left[:, 0])
    return rows


def spans(parts: Sequence[Guesses]) -> tuple[Span, ...]:
    """The stretches that are guessed at in any part, joined where they touch."""
    found: list[Span] = []
    for begin, end in sorted(one for part in parts for one in part.inside()):
        if found and begin <= found[-1].end + 1e-6:
            found[-1] = Span(found[-1].start, round(max(end, found[-1].end), 3))
        else:
            found.append(Span(round(begin, 3), round(end, 3)))
    return tuple(found)
