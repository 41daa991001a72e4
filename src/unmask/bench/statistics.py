"""How far a figure can be trusted, and whether two detectors differ.

Items of one group (identity, utterance, video) are not independent, so whole groups are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unmask.errors import DataError
from unmask.metrics.detection import Floats, Ints, both

Index = NDArray[np.int64]
Figure = Callable[[Index], float]
"""A metric of the items with these numbers; a number may come several times."""


def _draws(groups: Sequence[str], draws: int, seed: int) -> list[Index]:
    """``draws`` times the items of as many groups as there are, drawn with replacement."""
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(place, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(place))[:-1])
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(members), size=(draws, len(members)))
    return [np.concatenate([members[i] for i in pick]) for pick in picks]


def _percentiles(values: Floats, level: float) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def interval(
    figure: Figure, groups: Sequence[str], draws: int = 300, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of any metric, drawing whole groups with replacement.

    Draws in which the metric does not exist (a class is missing) are left out; NaN when none is
    left.
    """
    if not len(groups):
        return float("nan"), float("nan")
    values = np.array([figure(index) for index in _draws(groups, draws, seed)])
    return _percentiles(values, level)


def mean_interval(
    values: Floats, groups: Sequence[str], draws: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """``interval`` of a mean, from the groups' sums: thousands of draws cost nothing."""
    if not len(values):
        return float("nan"), float("nan")
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    count = np.bincount(place).astype(float)
    total = np.bincount(place, weights=values)
    rng = np.random.default_rng(seed)
    pick = rng.integers(0, len(count), size=(draws, len(count)))
    return _percentiles(total[pick].sum(axis=1) / count[pick].sum(axis=1), level)


@dataclass(frozen=True, slots=True)
class Difference:
    """``first`` less ``second``, its interval (NaN where the test gives none) and its p-value."""

    test: str
    first: float
    second: float
    low: float
    high: float
    p: float

    @property
    def value(self) -> float:
        """The difference."""
        return self.first - self.second


def paired_bootstrap(
    first: Figure, second: Figure, groups: Sequence[str], draws: int = 1000, seed: int = 0
) -> Difference:
    """Whether a metric of two detectors differs, on the same draws of whole groups.

    The p-value is two-sided: twice the share of draws on the far side of no difference, with one
    added to both counts (Davison and Hinkley 1997).
    """
    everything = np.arange(len(groups))
    gaps = np.array([first(i) - second(i) for i in _draws(groups, draws, seed)])
    gaps = gaps[np.isfinite(gaps)]
    low, high = _percentiles(gaps, 0.95)
    if len(gaps):
        least = min((gaps <= 0).sum(), (gaps >= 0).sum())
        p = min(1.0, 2 * (float(least) + 1) / (len(gaps) + 1))
    else:
        p = float("nan")
    name = "paired bootstrap over groups"
    return Difference(name, first(everything), second(everything), low, high, p)


def delong(labels: Ints, first: Floats, second: Floats) -> Difference:
    """Whether the AUC of two detectors on the same items differs (DeLong et al. 1988).

    Computed by mid-ranks (Sun and Xu 2014). Items count as independent: where one group has
    several, ``paired_bootstrap`` is the honest test. Raises DataError when a class has less than
    two items.
    """
    fake, real = labels == 1, labels == 0
    m, n = int(fake.sum()), int(real.sum())
    if m < 2 or n < 2:
        raise DataError("DeLong's test needs at least two real and two forged items.")
    areas, of_fake, of_real = [], [], []
    for scores in (first, second):
        among_all = stats.rankdata(np.concatenate([scores[fake], scores[real]]))
        v10 = (among_all[:m] - stats.rankdata(scores[fake])) / n
        v01 = 1 - (among_all[m:] - stats.rankdata(scores[real])) / m
        areas.append(float(v10.mean()))
        of_fake.append(v10)
        of_real.append(v01)
    covariance = np.cov(of_fake) / m + np.cov(of_real) / n
    gap = areas[0] - areas[1]
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-15:
        return Difference("DeLong", areas[0], areas[1], gap, gap, 1.0 if gap == 0 else 0.0)
    error = float(np.sqrt(variance))
    p = float(2 * stats.norm.sf(abs(gap) / error))
    return Difference("DeLong", areas[0], areas[1], gap - 1.96 * error, gap + 1.96 * error, p)


def mcnemar(right_first: NDArray[np.bool_], right_second: NDArray[np.bool_]) -> Difference:
    """Whether two detectors err on different items, at their thresholds (McNemar 1947, exact).

    Takes which items each got right; ``first`` and ``second`` are their accuracies.
    """
    only_first = int((right_first & ~right_second).sum())
    only_second = int((right_second & ~right_first).sum())
    together = only_first + only_second
    p = float(stats.binomtest(only_first, together).pvalue) if together else 1.0
    missing = float("nan")
    first, second = float(right_first.mean()), float(right_second.mean())
    return Difference("McNemar", first, second, missing, missing, p)


def auc_interval(
    labels: Ints, scores: Floats, groups: Sequence[str], draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """``interval`` of the AUC, from weights of whole groups: one sort serves all draws."""
    if not both(labels):
        return float("nan"), float("nan")
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    count = int(place.max()) + 1
    _, level = np.unique(scores, return_inverse=True)
    order = np.argsort(level, kind="stable")
    start = np.flatnonzero(np.diff(level[order], prepend=-1))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        weight = np.bincount(rng.integers(0, count, count), minlength=count)[place][order]
        fake = np.add.reduceat(weight * (labels[order] == 1), start).astype(float)
        real = np.add.reduceat(weight * (labels[order] == 0), start).astype(float)
        if fake.sum() and real.sum():
            under = np.cumsum(real) - real / 2
            found.append(float((fake * under).sum() / (fake.sum() * real.sum())))
    return _percentiles(np.array(found, dtype=float), 0.95)


def as_record(difference: Difference) -> dict[str, Any]:
    """A difference as plain values."""
    return {
        "test": difference.test,
        "first": difference.first,
        "second": difference.second,
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "p": difference.p,
    }
