"""Is a file like the authentic files that a calibration was made of?

Each file is a point: its numbers in units of their spread, its words as corners. What counts is
the mean distance to the nearest few calibration files. A new file is *unlike* when that distance
is among the largest ``ALARM`` of the calibration files' own (each measured to the others), so
files of the same source are called unlike in a share of at most about ``ALARM`` (conformal), and
however many sources the calibration has, each stands for itself.

A score that is higher than usual says that a file is suspect, which is for the statistic to judge
and makes it no stranger: scores count up to the value that one in ten of the calibration files
exceeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unmask.decision.conformal import Floats, p_values
from unmask.decision.features import SCORE, readable
from unmask.decision.rows import Row

ALARM = 0.05
"""Share of files of the same source that are called unlike."""
NEAREST = 5
MOST = 3000
"""Calibration files that are compared with, the first by their checksums."""
_APART = 3.0
"""Distance of two words that differ, and of a number that one of two files lacks."""
_FURTHEST = 100.0
"""Spreads from the middle beyond which a number is not further away."""
_PAIRS, _OF_NORMAL = 0.1, 0.17771
"""The share of all pairs whose distance is the spread, and that distance for a normal law of
spread 1. It is small because a source of a mixture is then measured by its own width."""
_COMPARED = 400
_LEAST_SPREAD = 0.1
_TOP = 0.9
_CHUNK = 256
_NAMED = 3
_LIMITS = (1, 99)


@dataclass(frozen=True, slots=True)
class Space:
    """How files become points: middle and spread of each number, and the words that were seen.

    ``tops``: up to where scores count.
    """

    middles: dict[str, float]
    spreads: dict[str, float]
    tops: dict[str, float]
    words: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """The space of some files."""
        middles, spreads, tops = {}, {}, {}
        for name in sorted({name for row in rows for name in row.numbers}):
            values = [row.numbers[name] for row in rows if name in row.numbers]
            middles[name] = float(np.median(values))
            tops[name] = float(np.quantile(values, _TOP)) if name.startswith(SCORE) else np.inf
            spreads[name] = max(_spread(values), _LEAST_SPREAD)
        names = sorted({name for row in rows for name in row.words})
        words = {n: tuple(sorted({row.words.get(n, "") for row in rows})) for n in names}
        return cls(middles, spreads, tops, words)

    def points(
        self, rows: Sequence[tuple[Mapping[str, float], Mapping[str, str]]]
    ) -> NDArray[np.float64]:
        """Files (numbers and words) × dimensions."""
        columns: list[Floats] = []
        for name, middle in self.middles.items():
            value = np.array([numbers.get(name, np.nan) for numbers, _ in rows])
            lacking = np.isnan(value)
            value = np.minimum(value, self.tops[name])
            away = np.clip((value - middle) / self.spreads[name], -_FURTHEST, _FURTHEST)
            columns += [np.where(lacking, 0.0, away), lacking * _APART]
        for name, known in self.words.items():
            said = [words.get(name, "") for _, words in rows]
            corners = [np.array([one == word for one in said]) for word in known]
            corners.append(np.array([one not in known for one in said]))
            columns += [corner * (_APART / np.sqrt(2)) for corner in corners]
        return np.stack(columns, axis=1) if columns else np.zeros((len(rows), 1))


@dataclass(frozen=True, slots=True)
class Likeness:
    """The calibration files as points, and how far each is from the others (rising)."""

    space: Space
    points: NDArray[np.float64]
    apart: Floats
    ranges: dict[str, tuple[float, float]]
    files: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """From the authentic files of one kind."""
        kept = sorted(rows, key=lambda row: row.sha256)[:MOST]
        space = Space.of(kept)
        points = space.points([(row.numbers, row.words) for row in kept])
        apart = np.sort(_distances(points, points, own=True))
        ranges = {}
        for name in space.middles:
            values = [row.numbers[name] for row in kept if name in row.numbers]
            low, high = np.percentile(values, _LIMITS)
            ranges[name] = (float(low), np.inf if name.startswith(SCORE) else float(high))
        return cls(space, points, apart, ranges, len(kept))

    def p(self, rows: Sequence[tuple[Mapping[str, float], Mapping[str, str]]]) -> Floats:
        """For each file the share of calibration files that stand at least as far apart."""
        return p_values(self.apart, _distances(self.space.points(rows), self.points, own=False))

    def unlike(self, numbers: Mapping[str, float], words: Mapping[str, str]) -> str:
        """In what a file differs from the calibration; empty when it is like it."""
        if float(self.p([(numbers, words)])[0]) > ALARM:
            return ""
        said = [
            (_FURTHEST, f"{name} {words.get(name, '') or 'none'} (there: {_listed(known)})")
            for name, known in self.space.words.items()
            if words.get(name, "") not in known
        ]
        for name, (low, high) in self.ranges.items():
            value = numbers.get(name)
            if value is not None and not low <= value <= high:
                away = max(low - value, value - high) / self.space.spreads[name]
                away = min(away, _FURTHEST)
                said.append((away, _range(name, value, low, high)))
        said.sort(key=lambda one: -one[0])
        named = "; ".join(text for _, text in said[:_NAMED])
        return named or "each trait occurs there, but hardly together"


def _spread(values: Sequence[float]) -> float:
    """How wide the sources of some values are, however far they are from each other.

    A low quantile of the distances of all pairs (after Rousseeuw and Croux 1993, who take 0.25).
    """
    few = np.sort(values)[:: max(1, len(values) // _COMPARED)]
    one, other = np.triu_indices(len(few), 1)
    return float(np.quantile(few[other] - few[one], _PAIRS)) / _OF_NORMAL if len(few) > 1 else 0.0


def _distances(from_: Floats, to: Floats, own: bool) -> Floats:
    """Mean distance of each point to its nearest ``NEAREST``; ``own``: to the others of a set."""
    nearest = min(NEAREST, len(to) - own)
    if nearest < 1:
        return np.zeros(len(from_))
    squares = (to**2).sum(axis=1)
    found: list[Any] = []
    for start in range(0, len(from_), _CHUNK):
        part = from_[start : start + _CHUNK]
        square = (part**2).sum(axis=1)[:, None] + squares[None] - 2 * part @ to.T
        if own:
            square[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        near = np.partition(np.maximum(square, 0.0), nearest - 1, axis=1)[:, :nearest]
        found.append(np.sqrt(near).mean(axis=1))
    return np.concatenate(found) if found else np.zeros(0)


def _range(name: str, value: float, low: float, high: float) -> str:
    said, own = readable(name, value)
    if high == np.inf:
        return f"{said} {_short(own)} (there: over {_short(low)})"
    ends = sorted(readable(name, end)[1] for end in (low, high))
    there = " to ".join(dict.fromkeys(map(_short, ends)))
    return f"{said} {_short(own)} (there: {there})"


def _short(value: float) -> str:
    """Three figures, and whole numbers as they are."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _listed(words: Sequence[str], most: int = 3) -> str:
    shown = [word or "none" for word in words[:most]]
    return ", ".join(shown) + (" …" if len(words) > most else "")
