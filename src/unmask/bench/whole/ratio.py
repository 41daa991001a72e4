"""Likelihood ratios of fused scores that hold in other sources, too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unmask.decision.rule import MARKED, Ratio

Numbers = NDArray[np.float64]
FULL = 100
"""Files from which on a source or a kind of forgery counts as much as any other."""
HALF = 0.05
"""The most authentic files of any source whose likelihood ratio may speak for forgery."""
SURE = (-math.log(MARKED), -math.log(0.02))
"""Surprises under which no ratio speaks for forgery, since such a file is not even marked for a
look, and over which one may whatever a source says: so many authentic files may reach it in any
source that is large enough to tell (``levels.WORST`` times 1 %)."""
SOME = 20
"""Files from which on a source or kind is asked whether the likelihood ratio holds in it."""
EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Shares of authentic files under which a step of the ratio begins."""
CALM = 0.9
"""Steps that begin under this share count the kind of forgery that hides best, not the mean."""
LEAST = 0.005
"""What is added to both shares of a step, so that no handful of files makes a strong ratio."""
IDLE = 1.01
"""The highest Cllr of any kind of forgery. A ratio that says nothing has 1; a kind that is found no
more often than authentic files are flagged costs a little more, however weak the ratio."""
FACTORS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.0)
"""How much of the ratio is kept, on either side."""


def weights(keys: Sequence[str]) -> Numbers:
    """Weights with which every key with ``FULL`` files or more counts alike; they sum to 1."""
    counts = Counter(keys)
    weight = np.array([min(counts[key], FULL) / counts[key] for key in keys])
    return np.asarray(weight / weight.sum())


def logistic(values: Numbers, labels: NDArray[np.int64], weight: Numbers) -> tuple[float, float]:
    """Slope (not negative) and offset of a log-likelihood ratio."""
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(values[:, None], labels, sample_weight=weight * len(values) / 2)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        return 0.0, 0.0
    return round(slope, 5), round(float(model.intercept_[0]), 5)


def ratios(
    real: Numbers, origin: Sequence[str], fake: Numbers, makers: Sequence[str], kinds: Sequence[str]
) -> list[Ratio]:
    """The likelihood ratio at rising surprise, of authentic and forged files.

    The share of forged files in a step of surprise over that of authentic ones, rising (as by
    Zadrozny and Elkan 2002, isotonic calibration). Between the surprises of ``SURE`` no source with
    ``SOME`` authentic files has more than ``HALF`` of them on the side of forgery. Both sides are
    drawn towards 0, each by a factor, for what holds on average claims too much on the next source,
    and on a kind of forgery (``kinds``, beside ``makers``) that was not there: each is judged by
    the ratio of the others.
    The cost is Cllr (Brümmer and du Preez 2006), half that of the worst and half that of all; no
    kind may cost more than ``IDLE``.
    """
    steps = _Steps(real, origin)
    made, kind_of = np.array(makers), np.array(kinds)
    rising = steps.rising(fake, made)
    hidden = np.broadcast_to(rising, (len(fake), len(rising))).copy()
    for kind in _parts(kind_of):
        others = kind_of != kind
        if others.any():
            hidden[~others] = steps.rising(fake[others], made[others])
    own, forged_by = _Means(origin), (_Means(makers), _Means(kinds))
    at_real, at_fake = steps.shares(real), steps.shares(fake)

    def cost(factors: tuple[float, float]) -> tuple[bool, float]:
        authentic = _bits(at_real @ _drawn(rising, factors))
        forged = _bits(-(at_fake * _drawn(hidden, factors)).sum(axis=1))
        worst = forged_by[1].of(forged).max(initial=0.0)
        idle = bool((authentic.mean() + worst) / 2 > IDLE)
        return idle, own.cost(authentic) + forged_by[0].cost(forged)

    drawn = _drawn(rising, min(product(FACTORS, FACTORS), key=cost))
    return [
        Ratio(surprise=round(place, 4), llr=round(float(value), 4))
        for place, value in zip(steps.places, drawn, strict=True)
    ]


class _Steps:
    """Steps of surprise, and what of the authentic files lies in each."""

    def __init__(self, real: Numbers, origin: Sequence[str]) -> None:
        lows = [-math.log(1 - share) for share in EDGES]
        self.edges = list(zip(lows, [*lows[1:], math.inf], strict=True))
        self.places = [
            (low + high) / 2 if math.isfinite(high) else low + math.log(2)
            for low, high in self.edges
        ]
        own = weights(origin)
        self.own = [float(own[_inside(real, edge)].sum()) for edge in self.edges]
        names = np.array(origin)
        loudest = (float(np.quantile(real[names == name], 1 - HALF)) for name in _parts(names))
        self.quiet = min(max(SURE[0], *loudest), SURE[1])

    def shares(self, values: Numbers) -> Numbers:
        """Of each value, how much the ratio at each place counts: linear between places."""
        unit = np.eye(len(self.places))
        return np.stack([np.interp(values, self.places, one) for one in unit], axis=1)

    def rising(self, fake: Numbers, makers: NDArray[np.str_]) -> Numbers:
        """The log of the likelihood ratio at each place."""
        weight, means = weights(makers.tolist()), _Means(makers)
        llrs = []
        for edge, own in zip(self.edges, self.own, strict=True):
            hit = _inside(fake, edge)
            calm = edge[0] < -math.log(1 - CALM)
            share = means.worst(hit) if calm else float(weight[hit].sum())
            llrs.append(math.log((share + LEAST) / (own + LEAST)))
        rising = np.maximum.accumulate(llrs)
        return np.where(np.array(self.places) <= self.quiet, np.minimum(rising, 0.0), rising)


def _inside(values: Numbers, edge: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values >= edge[0]) & (values < edge[1]))


def _drawn(rising: Numbers, factors: tuple[float, float]) -> Numbers:
    """The side of authentic files and that of forged ones, each nearer to 0."""
    calm, loud = factors
    return np.where(rising < 0, calm * rising, loud * rising)


def _bits(losing: Numbers) -> Numbers:
    return np.asarray(np.logaddexp(0.0, losing) / math.log(2))


class _Means:
    """Means over the files of each key that stands there often enough."""

    def __init__(self, keys: Sequence[str] | NDArray[np.str_]) -> None:
        _, self._of, self._counts = np.unique(keys, return_inverse=True, return_counts=True)
        self._enough = self._counts >= SOME

    def of(self, values: Numbers | NDArray[np.bool_]) -> Numbers:
        """By key, where there are any."""
        sums = np.bincount(self._of, values, len(self._counts))
        return np.asarray((sums / self._counts)[self._enough])

    def worst(self, values: Numbers | NDArray[np.bool_]) -> float:
        """The highest of any key, or of all files where no key has enough."""
        each = self.of(values)
        return float(each.max() if len(each) else values.mean())

    def cost(self, bits: Numbers) -> float:
        """Half that of the worst key and half that of all."""
        each = self.of(bits)
        return float((each.max() + each.mean()) / 2 if len(each) else bits.mean())


def _parts(names: NDArray[np.str_]) -> list[str]:
    """The names that stand there often enough."""
    counts = Counter(names.tolist())
    return sorted(name for name, count in counts.items() if count >= SOME)
