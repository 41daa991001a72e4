"""Likelihood ratios of fused scores that hold in other sources, too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Numbers = NDArray[np.float64]
FULL = 100
"""Files from which on a source or a kind of forgery counts as much as any other."""
HALF = 0.15
"""The most authentic files of any source whose likelihood ratio may speak for forgery."""
SOME = 20
"""Files from which on a source or kind is asked whether the likelihood ratio holds in it."""
FACTORS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1)


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


def ratio(
    real: Numbers, origin: Sequence[str], fake: Numbers, families: Sequence[str]
) -> tuple[float, float, float, float]:
    """Slope and offset of the file's likelihood ratio, and how far it may go either way.

    No source with enough authentic files has more than ``HALF`` of them on the side of forgery.
    The lowest ratio is the one measured in the fifth of files that look least forged.
    """
    weight = np.concatenate([weights(origin), weights(families)])
    labels = np.array([0] * len(real) + [1] * len(fake))
    slope, offset = logistic(np.concatenate([real, fake]), labels, weight)
    for source in sorted(set(origin)):
        own = real[np.array(origin) == source]
        if len(own) >= 20:
            offset = min(offset, -slope * float(np.quantile(own, 1 - HALF)))
    line = float(np.quantile(real, 0.2))
    calm = float(weights(origin)[real <= line].sum())
    low = max(0.05, math.log((calm + 0.01) / (_worst(fake <= line, families) + 0.01)))
    high = math.log(max(20, min(len(real), len(fake))))
    return _calmed(real, origin, fake, families, (slope, offset, low, high))


def _worst(missed: NDArray[np.bool_], families: Sequence[str]) -> float:
    """The highest share of any kind with enough forged files."""
    names = np.array(families)
    shares = [
        float(missed[names == name].mean())
        for name in sorted(set(families))
        if (names == name).sum() >= SOME
    ]
    return max(shares, default=float(missed.mean()))


def _calmed(
    real: Numbers,
    origin: Sequence[str],
    fake: Numbers,
    families: Sequence[str],
    line: tuple[float, float, float, float],
) -> tuple[float, float, float, float]:
    """The ratio drawn towards 0 by the factor that serves the worst source and kind best.

    What holds on average over sources claims too much on the next one; the cost is Cllr (Brümmer
    and du Preez 2006), half that of the worst and half that of all.
    """
    slope, offset, low, high = line

    def cost(factor: float) -> float:
        of = [np.clip(factor * (slope * v + offset), -low, high) for v in (real, fake)]
        costs = []
        for values, names, sign in ((of[0], origin, 1.0), (of[1], families, -1.0)):
            bits = np.log2(1 + np.exp(sign * values))
            keys = np.array(names)
            own = [
                bits[keys == key].mean()
                for key in sorted(set(names))
                if (keys == key).sum() >= SOME
            ]
            costs.append((max(own) + sum(own) / len(own)) / 2 if own else bits.mean())
        return float(sum(costs)) / 2

    factor = min(FACTORS, key=cost)
    return (
        round(slope * factor, 5),
        round(offset * factor, 5),
        round(low * max(factor, 0.05), 4),
        round(high, 4),
    )
