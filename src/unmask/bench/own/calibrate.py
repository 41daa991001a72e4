"""Turning a detector's scores into likelihood ratios and thresholds, from stored predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unmask.cards.card import Operating, Threshold
from unmask.errors import DataError
from unmask.metrics.predictions import Prediction

RATES = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005)
TAIL = 0.05
"""Below this rate the quantiles are those of a fitted tail and not of single items."""
MISS = 0.05
ENOUGH = 40
"""Real items from which on a source has thresholds of its own."""
HALF = 0.5
"""The most that any source is allowed, whatever ``worst_source`` says."""


def fit_operating(
    rows: Sequence[Prediction], output: str, claim: str, date: str, worst_source: float = 1.0
) -> Operating:
    """Fit calibration and thresholds of one claim on the rows of protocol ``calibration``.

    *Likelihood ratio*: logistic regression on the score with equal class weights (Brümmer and du
    Preez 2006); sources weigh alike within a class. *Thresholds*: quantiles of the real scores,
    so that the rate holds on average over the sources, and no source with at least ``ENOUGH``
    reals exceeds ``worst_source`` times the rate; under a rate of ``TAIL`` an exponential tail
    fitted to the excesses (peaks over threshold, Pickands 1975, shape 0), because single items
    would decide otherwise. The tail is never put below the empirical quantile. *Clear*: the score
    under which ``MISS`` of the fakes lie, but never above the score that a share ``TAIL`` of the
    reals exceeds: who scores higher than nearly all reals is not cleared.

    Raises DataError when either class has fewer than 20 rows.
    """
    mine = [row for row in rows if row.claim == claim and row.protocol == "calibration"]
    labels = np.array([row.label for row in mine])
    scores = np.array([row.score for row in mine], dtype=float)
    if min((labels == 0).sum(), (labels == 1).sum()) < 20:
        raise DataError(f"Calibrating {claim!r} needs at least 20 real and 20 forged items.")
    per_source = Counter((row.source, row.label) for row in mine)
    weight = np.array([1 / per_source[row.source, row.label] for row in mine])
    for label in (0, 1):
        weight[labels == label] /= weight[labels == label].sum()
    model = LogisticRegression(C=1e6, max_iter=1000)
    model.fit(scores[:, None], labels, sample_weight=weight * len(mine))
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        raise DataError(f"The scores of {claim!r} do not rise with forgery: nothing to calibrate.")
    real, real_weight = scores[labels == 0], weight[labels == 0]
    origin = np.array([row.source for row in mine])[labels == 0]
    tables = [_quantiles(real, real_weight, RATES)]
    allowed = [min(HALF, worst_source * rate) for rate in RATES]
    for source in np.unique(origin):
        own = real[origin == source]
        if len(own) >= ENOUGH:
            tables.append(_quantiles(own, np.ones(len(own)), allowed))
    highest = np.max(tables, axis=0)
    thresholds = [
        Threshold(fpr=rate, score=round(float(score), 6))
        for rate, score in zip(RATES, highest, strict=True)
    ]
    fake, fake_weight = scores[labels == 1], weight[labels == 1]
    clear = min(_quantile(fake, fake_weight, MISS), _quantile(real, real_weight, 1 - TAIL))
    missed = float(fake_weight[fake < clear].sum())
    sources = sorted({row.source for row in mine})
    conditions = sorted({row.condition for row in mine})
    groups = len({row.group for row in mine})
    return Operating(
        output=output,
        claim=claim,
        slope=round(slope, 6),
        offset=round(offset, 6),
        clear=round(clear, 6),
        miss=round(missed, 4),
        thresholds=thresholds,
        worst_source=worst_source,
        # The data cannot vouch for a ratio beyond what its number of groups resolves.
        llr_limit=round(float(np.log(max(groups, 20))), 3),
        fitted_on=f"calibration groups of {', '.join(sources)}",
        laundering=", ".join(conditions),
        date=date,
        reals=int((labels == 0).sum()),
        fakes=int((labels == 1).sum()),
        groups=groups,
    )


def _quantiles(
    real: NDArray[np.float64], weight: NDArray[np.float64], rates: Sequence[float]
) -> list[float]:
    """The score that a share of the reals exceeds, for each of some falling rates; rising."""
    start = _quantile(real, weight, 1 - TAIL)
    over = real > start
    excess = float(np.average(real[over] - start, weights=weight[over])) if over.any() else 0.0
    scores: list[float] = []
    for rate in rates:
        score = _quantile(real, weight, 1 - rate)
        if rate < TAIL:
            score = max(score, start + excess * float(np.log(TAIL / rate)))
        scores.append(max(score, scores[-1] + 1e-6) if scores else score)
    return scores


def _quantile(values: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """The value under which ``share`` of the weight lies (inverted distribution function)."""
    order = np.argsort(values)
    along = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(along, share)), len(values) - 1)])
