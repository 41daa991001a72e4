"""Likelihood ratios of fused scores that hold in other sources, too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unmask.decision.rule import Ratio

Numbers = NDArray[np.float64]
FULL = 100
"""Files from which on a source or a kind of forgery counts as much as any other."""
HALF = 0.05
"""The most authentic files of any source whose likelihood ratio may speak for forgery."""
SOME = 20
"""Files from which on a source or kind is asked whether the likelihood ratio holds in it."""
EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Shares of authentic files under which a step of the ratio begins."""
CALM = 0.9
"""Steps that begin under this share count the kind of forgery that hides best, not the mean."""
LEAST = 0.005
"""What is added to both shares of a step, so that no handful of files makes a strong ratio."""
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


def ratios(
    real: Numbers, origin: Sequence[str], fake: Numbers, makers: Sequence[str]
) -> list[Ratio]:
    """The likelihood ratio at rising surprise, of authentic and forged files.

    The share of forged files in a step of surprise over that of authentic ones, rising (as by
    Zadrozny and Elkan 2002, isotonic calibration). No source with ``SOME`` authentic files has more
    than ``HALF`` of them on the side of forgery. All is drawn towards 0 by the factor that serves
    the worst source and kind best, for what holds on average claims too much on the next source;
    the cost is Cllr (Brümmer and du Preez 2006), half that of the worst and half that of all.
    """
    edges = [-math.log(1 - share) for share in EDGES]
    own, kinds = weights(origin), weights(makers)
    llrs, places = [], []
    for low, high in zip(edges, [*edges[1:], math.inf], strict=True):
        inside = (real >= low) & (real < high)
        hit = (fake >= low) & (fake < high)
        calm = low < -math.log(1 - CALM)
        share = _worst(hit, makers) if calm else float(kinds[hit].sum())
        llrs.append(math.log((share + LEAST) / (float(own[inside].sum()) + LEAST)))
        places.append((low + high) / 2 if math.isfinite(high) else low + math.log(2))
    rising = np.maximum.accumulate(llrs)
    quiet = max(
        (float(np.quantile(real[names == name], 1 - HALF)) for name, names in _parts(origin)),
        default=0.0,
    )
    rising = np.where(np.array(places) <= quiet, np.minimum(rising, 0.0), rising)

    def cost(factor: float) -> float:
        costs = []
        for values, keys, sign in ((real, origin, 1.0), (fake, makers, -1.0)):
            bits = np.log2(1 + np.exp(sign * np.interp(values, places, factor * rising)))
            each = [float(bits[names == name].mean()) for name, names in _parts(keys)]
            costs.append((max(each) + sum(each) / len(each)) / 2 if each else float(bits.mean()))
        return sum(costs) / 2

    factor = min(FACTORS, key=cost)
    return [
        Ratio(surprise=round(place, 4), llr=round(float(factor * value), 4))
        for place, value in zip(places, rising, strict=True)
    ]


def _parts(keys: Sequence[str]) -> list[tuple[str, NDArray[np.str_]]]:
    """The keys with enough files, each with the array that selects them."""
    names = np.array(keys)
    return [(key, names) for key in sorted(set(keys)) if (names == key).sum() >= SOME]


def _worst(hit: NDArray[np.bool_], makers: Sequence[str]) -> float:
    """The highest share of any kind with enough forged files."""
    shares = [float(hit[names == name].mean()) for name, names in _parts(makers)]
    return max(shares, default=float(hit.mean()))
