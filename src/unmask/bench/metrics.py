"""The numbers of the field, each with one meaning.

General ones come from scikit-learn. ``scores`` rise with suspicion; ``labels`` are 1 for forged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def auc(labels: Ints, scores: Floats) -> float:
    """Area under the ROC curve; NaN when a class is missing."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    return float(roc_auc_score(labels, scores))


def eer(labels: Ints, scores: Floats) -> float:
    """Equal error rate, mode *interpolated*: where the ROC's straight pieces cross fnr = fpr."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    gap = (1 - tpr) - fpr  # falls from 1 to -1
    i = int(np.argmax(gap <= 0))
    if gap[i] == 0 or i == 0:
        return float(fpr[i])
    t = gap[i - 1] / (gap[i - 1] - gap[i])
    return float(fpr[i - 1] + t * (fpr[i] - fpr[i - 1]))


def tpr_at_fpr(labels: Ints, scores: Floats, fpr: float = 0.01) -> float:
    """Highest true-positive rate whose false-positive rate does not exceed ``fpr``."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    return float(y[x <= fpr].max())


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
    probability = 1 / (1 + np.exp(-llrs))
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


def share_above(scores: Floats, threshold: float) -> float:
    """Share of scores over a threshold (the false-positive rate when all are real)."""
    return float((scores > threshold).mean()) if len(scores) else float("nan")


def group_bootstrap(
    values: Floats, groups: Sequence[str], draws: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of a mean, drawing whole groups with replacement."""
    if not len(values):
        return float("nan"), float("nan")
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    count = np.bincount(place).astype(float)
    total = np.bincount(place, weights=values)
    rng = np.random.default_rng(seed)
    pick = rng.integers(0, len(count), size=(draws, len(count)))
    means = total[pick].sum(axis=1) / count[pick].sum(axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
