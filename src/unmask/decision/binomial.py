"""Exact tails: how likely so many hits are when the promised rate holds."""

from __future__ import annotations

import math

_SIGNIFICANT = 0.05


def upper_tail(hits: int, of: int, rate: float) -> float:
    """The probability of at least ``hits`` among ``of`` independent trials at ``rate`` (0…1)."""
    if hits <= 0:
        return 1.0
    if rate <= 0 or hits > of:
        return 0.0
    if rate >= 1:
        return 1.0
    logs = [
        _choose(of, k) + k * math.log(rate) + (of - k) * math.log1p(-rate)
        for k in range(hits, of + 1)
    ]
    return min(1.0, _sum(logs))


def upper_tail_fitted(hits: int, of: int, above: int, files: int) -> float:
    """The same for a threshold that was itself fitted: it is ``above``-th highest of ``files``.

    The rate over such a threshold is distributed as Beta(above, files + 1 − above) when the new
    files come from the same source, so the hits are beta-binomial. This is larger than the
    binomial tail: it allows for the luck of the calibration.
    """
    if hits <= 0:
        return 1.0
    if hits > of:
        return 0.0
    a, b = above, files + 1 - above
    logs = [_choose(of, k) + _beta(k + a, of - k + b) - _beta(a, b) for k in range(hits, of + 1)]
    return min(1.0, _sum(logs))


def least_significant(of: int, rate: float, level: float = _SIGNIFICANT) -> int:
    """The smallest number of hits whose upper tail is at most ``level``; ``of + 1``: none is."""
    low, high = 0, of + 1
    while low < high:
        middle = (low + high) // 2
        if upper_tail(middle, of, rate) <= level:
            high = middle
        else:
            low = middle + 1
    return low


def power(of: int, rate: float, true: float, level: float = _SIGNIFICANT) -> float:
    """How likely the test at ``level`` notices that the rate is ``true`` and not ``rate``."""
    return upper_tail(least_significant(of, rate, level), of, true)


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _sum(logs: list[float]) -> float:
    top = max(logs)
    return math.exp(top) * math.fsum(math.exp(value - top) for value in logs)
