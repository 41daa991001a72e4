"""Thresholds that hold for any distribution: split conformal prediction.

Of ``n`` authentic files and one more from the same source every order is as likely as any other,
so the new one is among the ``k`` highest of ``n + 1`` in a share ``k / (n + 1)`` of all cases
(Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world"; Lei et al. 2018). That
is all that is assumed, and it bounds what ``n`` files can vouch for: no rate below
``1 / (n + 1)``. Ties count against accusing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import DataError

Floats = NDArray[np.float64]

ENOUGH = 40
"""Files from which on a group is held to the rate by itself."""
_EXACT = 1e-9
"""Rounding that is forgiven where a product should be a whole number."""


def needed(alpha: float) -> int:
    """The smallest number of files that can vouch for the rate ``alpha``: 1/(n + 1) ≤ alpha."""
    return max(1, math.ceil(1 / alpha - 1 - _EXACT))


def place(files: int, alpha: float) -> int:
    """Which of ``files`` rising scores (from 1) is the threshold of ``alpha``. Raises DataError."""
    if files < needed(alpha):
        raise DataError(
            f"{files} authentic files cannot vouch for a false-positive rate of {alpha:.4g}: "
            f"at least {needed(alpha)} are needed."
        )
    return math.ceil((files + 1) * (1 - alpha) - _EXACT)


def threshold(scores: ArrayLike, alpha: float) -> float:
    """The score that a new authentic file exceeds with a probability of at most ``alpha``.

    The ⌈(n + 1)(1 − alpha)⌉-th smallest of the scores of ``n`` authentic files. Raises DataError
    when they are too few, with the number that would be needed.
    """
    rising = np.sort(np.asarray(scores, np.float64))
    return float(rising[place(len(rising), alpha) - 1])


def p_values(rising: Floats, values: ArrayLike) -> Floats:
    """For each value (1 + number of authentic scores at least as high) / (n + 1).

    ``rising``: the authentic scores, sorted. A new authentic file has p ≤ alpha with a probability
    of at most alpha.
    """
    over = len(rising) - np.searchsorted(rising, np.asarray(values, np.float64), "left")
    return np.asarray((1 + over) / (len(rising) + 1), np.float64)


def p_value(scores: ArrayLike, score: float) -> float:
    """The ``p_values`` of one score among authentic scores in any order."""
    return float(p_values(np.sort(np.asarray(scores, np.float64)), score))


def own_shares(scores: Floats) -> Floats:
    """For each score the share of all of them, itself counted, that is at least as high."""
    rising = np.sort(scores)
    over = len(rising) - np.searchsorted(rising, scores, "left")
    return np.asarray(over / len(rising), np.float64)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Authentic scores (rising) as a whole and by group, and the factor ``worst``.

    A rate holds on average over all files, and in no group of enough files (``ENOUGH``, or as many
    as ``of`` is told) does it exceed ``worst`` times that rate. Where such a group is too small to
    vouch for that by itself, nothing is flagged that does not exceed its highest score.
    """

    all: Floats
    parts: tuple[Floats, ...]
    worst: float

    @classmethod
    def of(cls, scores: Floats, groups: Sequence[str], worst: float, enough: int = ENOUGH) -> Self:
        """From the score and the group of each file."""
        names = np.asarray(groups, object)
        own = (scores[names == name] for name in sorted(set(groups)))
        parts = tuple(np.sort(part) for part in own if len(part) >= enough)
        return cls(np.sort(scores), parts, worst)

    def p(self, values: ArrayLike) -> Floats:
        """For each value the lowest rate at which it is flagged, held in every group."""
        worst = p_values(self.all, values)
        for part in self.parts:
            own = p_values(part, values) / self.worst
            unseen = np.asarray(values, np.float64) > part[-1]
            worst = np.maximum(worst, np.where(unseen, 0.0, own))
        return worst

    def threshold(self, alpha: float) -> float:
        """The score above which a file is flagged at ``alpha``. Raises DataError."""
        scores = [threshold(self.all, alpha)]
        for part in self.parts:
            own = self.worst * alpha
            if own < 1:
                vouched = len(part) >= needed(own)
                scores.append(threshold(part, own) if vouched else float(part[-1]))
        return max(scores)
