"""Whether a log-likelihood ratio (nats, positive = forged) can be taken at its word."""

from __future__ import annotations

import numpy as np

from unmask.metrics.detection import Floats, Ints, both


def _probability(llrs: Floats) -> Floats:
    """The posterior at equal priors."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-llrs)))


def ece(labels: Ints, llrs: Floats, bins: int = 15) -> float:
    """Expected calibration error of the posterior at equal priors, ``bins`` of equal width.

    Both classes are given the same total weight (Guo et al. 2017, section 2, with class weights),
    so that the figure does not move with the number of fakes that were made.
    """
    n_fake = int((labels == 1).sum())
    n_real = int((labels == 0).sum())
    if not n_fake or not n_real:
        return float("nan")
    weight = np.where(labels == 1, 0.5 / n_fake, 0.5 / n_real)
    probability = _probability(llrs)
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        here = place == b
        w = weight[here].sum()
        if w > 0:
            confidence = (weight[here] * probability[here]).sum() / w
            accuracy = (weight[here] * labels[here]).sum() / w
            total += w * abs(confidence - accuracy)
    return float(total)


def brier(labels: Ints, llrs: Floats) -> float:
    """Mean squared error of the posterior at equal priors (Brier 1950), classes weighted alike."""
    if not both(labels):
        return float("nan")
    error = (_probability(llrs) - labels) ** 2
    return float((error[labels == 1].mean() + error[labels == 0].mean()) / 2)


def cllr(labels: Ints, llrs: Floats) -> float:
    """Cost of log-likelihood ratios in bits (Brümmer and du Preez 2006).

    0 is perfect, 1 is what a ratio that always says "no idea" costs.
    """
    if not both(labels):
        return float("nan")
    fake = np.logaddexp(0, -llrs[labels == 1]).mean()
    real = np.logaddexp(0, llrs[labels == 0]).mean()
    return float((fake + real) / 2 / np.log(2))


def min_cllr(labels: Ints, scores: Floats) -> float:
    """``cllr`` after the best rising calibration of these very scores (pool adjacent violators).

    What discrimination alone costs; ``cllr`` less this is what bad calibration costs.
    """
    from sklearn.isotonic import IsotonicRegression

    if not both(labels):
        return float("nan")
    fitted = IsotonicRegression(y_min=0, y_max=1).fit_transform(scores, labels)
    prior = labels.mean()
    with np.errstate(divide="ignore"):
        llrs = np.log(fitted) - np.log1p(-fitted) - np.log(prior / (1 - prior))
    return cllr(labels, llrs)
