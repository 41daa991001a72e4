"""How well scores tell forged from real, over all thresholds or at one.

scikit-learn is imported where it computes, so that the figures can be listed without it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.errors import SettingError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EER_MODES = ("interpolated", "argmin", "mean")
PAUC_MODES = ("mcclish", "share", "area")


def both(labels: Ints) -> bool:
    """Whether both classes are there: without them most figures do not exist and are NaN."""
    return len(np.unique(labels)) > 1


def mode_of(what: str, mode: str, known: tuple[str, ...]) -> str:
    """``mode``, or SettingError that names the known ones."""
    if mode not in known:
        raise SettingError(f"{what} has no mode {mode!r}. Use one of: {', '.join(known)}.")
    return mode


def auc(labels: Ints, scores: Floats) -> float:
    """Area under the ROC curve; NaN when a class is missing."""
    from sklearn.metrics import roc_auc_score

    if not both(labels):
        return float("nan")
    return float(roc_auc_score(labels, scores))


def partial_auc(labels: Ints, scores: Floats, limit: float = 0.1, mode: str = "mcclish") -> float:
    """Area under the ROC curve up to the false-positive rate ``limit``.

    ``area``: as it is (0 … ``limit``); ``share``: divided by ``limit`` (0 … 1); ``mcclish``: put on
    a scale where chance is 0.5 and perfection 1 (McClish 1989), as scikit-learn does.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    mode_of("pAUC", mode, PAUC_MODES)
    if not 0 < limit <= 1:
        raise SettingError(f"pAUC needs a limit in 0…1, not {limit}.")
    if not both(labels):
        return float("nan")
    if mode == "mcclish":
        return float(roc_auc_score(labels, scores, max_fpr=limit))
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    inside = x < limit
    x, y = np.append(x[inside], limit), np.append(y[inside], np.interp(limit, x, y))
    area = float(np.trapezoid(y, x))
    return area / limit if mode == "share" else area


def average_precision(labels: Ints, scores: Floats) -> float:
    """Average precision of the forged class, without interpolation; NaN when a class is missing."""
    from sklearn.metrics import average_precision_score

    if not both(labels):
        return float("nan")
    return float(average_precision_score(labels, scores))


def eer(labels: Ints, scores: Floats, mode: str = "interpolated") -> float:
    """Equal error rate.

    ``interpolated``: where the straight pieces of the ROC curve cross fnr = fpr. ``argmin``: the
    false-positive rate at the corner of the curve with the smallest difference, as DeepfakeBench
    (Yan et al. 2023) computes it. ``mean``: the mean of both rates at the threshold with the
    smallest difference, as the ASVspoof evaluation packages do (equal scores are one threshold
    here; there they are counted one after another).
    """
    from sklearn.metrics import roc_curve

    mode_of("EER", mode, EER_MODES)
    if not both(labels):
        return float("nan")
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=mode == "argmin")
    gap = (1 - tpr) - fpr  # falls from 1 to -1
    if mode == "argmin":
        return float(fpr[int(np.argmin(np.abs(gap)))])
    if mode == "mean":
        i = int(np.argmin(np.abs(gap)))
        return float((1 - tpr[i] + fpr[i]) / 2)
    i = int(np.argmax(gap <= 0))
    if gap[i] == 0 or i == 0:
        return float(fpr[i])
    t = gap[i - 1] / (gap[i - 1] - gap[i])
    return float(fpr[i - 1] + t * (fpr[i] - fpr[i - 1]))


def tpr_at_fpr(labels: Ints, scores: Floats, fpr: float = 0.01) -> float:
    """Highest true-positive rate whose false-positive rate does not exceed ``fpr``."""
    from sklearn.metrics import roc_curve

    if not both(labels):
        return float("nan")
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    return float(y[x <= fpr].max())


def accuracy(labels: Ints, scores: Floats, threshold: float = 0.0) -> float:
    """Share of right decisions when a score over ``threshold`` is called forged; NaN if empty."""
    from sklearn.metrics import accuracy_score

    if not len(labels):
        return float("nan")
    return float(accuracy_score(labels, scores > threshold))


def balanced_accuracy(labels: Ints, scores: Floats, threshold: float = 0.0) -> float:
    """Mean of the rates of right decisions among reals and among forged."""
    from sklearn.metrics import balanced_accuracy_score

    if not both(labels):
        return float("nan")
    return float(balanced_accuracy_score(labels, scores > threshold))
