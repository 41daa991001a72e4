"""Many voters, one number: the harmonic mean of their p-values, calibrated as a whole.

A voter's value becomes the share of authentic files in which it is at least as high. The mean of
the reciprocals of these shares (Good 1958; Wilson 2019, "The harmonic mean p-value") is large as
soon as one of them is very small, whichever that is, and a voter that knows nothing adds noise of
bounded harm. No law of it is assumed: it is ranked among the authentic files, so the file's rate
holds whatever the voters are worth and however they depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from unmask.decision.conformal import Floats, own_shares, p_values

Values = Mapping[str, float]
"""By voter; who could not speak is left out."""


@dataclass(frozen=True, slots=True)
class Voters:
    """Each voter's values in the authentic files in which it spoke, rising."""

    rising: dict[str, Floats]

    @classmethod
    def of(cls, rows: Sequence[Values]) -> Self:
        """From the values of each authentic file."""
        names = sorted({name for row in rows for name in row})
        return cls({name: np.sort([row[name] for row in rows if name in row]) for name in names})

    def shares(self, values: Values) -> dict[str, float]:
        """p-value of each voter that spoke, in a new file; unknown voters are left out."""
        known = {name: value for name, value in values.items() if name in self.rising}
        return {name: float(p_values(self.rising[name], value)) for name, value in known.items()}

    def statistics(self, rows: Sequence[Values]) -> Floats:
        """For each new file log(mean(1 / p)) over the voters that spoke; NaN where none did."""
        return _statistics(rows, self.rising, own=False)

    def own(self, rows: Sequence[Values]) -> Floats:
        """The same for the authentic files themselves, each counted in its own share."""
        return _statistics(rows, self.rising, own=True)


def _statistics(rows: Sequence[Values], rising: Mapping[str, Floats], own: bool) -> Floats:
    total, spoke = np.zeros(len(rows)), np.zeros(len(rows))
    for name, scores in rising.items():
        here = np.array([name in row for row in rows], bool)
        values = np.array([row[name] for row in rows if name in row], np.float64)
        total[here] += 1 / (own_shares(values) if own else p_values(scores, values))
        spoke += here
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spoke > 0, np.log(total / spoke), np.nan), np.float64)
