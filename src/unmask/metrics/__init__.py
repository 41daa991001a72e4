"""The numbers of the field, each with one meaning; where the field has several, a named mode.

``scores`` rise with suspicion and ``labels`` are 1 for forged, in every function. General metrics
come from scikit-learn; the field's own are here, each compared with a hand-worked case and with
the output of the official program where there is one (``tests/metrics/reference``). ``named`` turns
the words of a protocol ("eer:argmin") into functions.
"""

from unmask.metrics.calibration import brier, cllr, ece, min_cllr
from unmask.metrics.detection import (
    accuracy,
    auc,
    average_precision,
    balanced_accuracy,
    eer,
    partial_auc,
    tpr_at_fpr,
)

__all__ = [
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "cllr",
    "ece",
    "eer",
    "min_cllr",
    "partial_auc",
    "tpr_at_fpr",
]
