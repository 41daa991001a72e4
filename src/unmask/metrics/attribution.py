"""Which generator made it, when some generators were never met in training.

``truth`` is the number of a known class, or -1 for an unknown one; ``scores`` are items × known
classes, higher = rather this class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unmask.metrics.detection import Floats, Ints, auc

UNKNOWN = -1


def closed_accuracy(truth: Ints, scores: Floats) -> float:
    """Share of known items whose highest class is theirs; NaN without known items."""
    known = truth != UNKNOWN
    if not known.any():
        return float("nan")
    return float((scores[known].argmax(axis=1) == truth[known]).mean())


def agreement(truth: Sequence[str], said: Sequence[str]) -> float:
    """Share of items of which the right thing is said; NaN without items."""
    if not truth:
        return float("nan")
    return sum(map(str.__eq__, truth, said)) / len(truth)


def unknown_auroc(truth: Ints, scores: Floats) -> float:
    """How well a low highest score tells unknown items from known ones; NaN without either."""
    return auc((truth == UNKNOWN).astype(np.int64), -scores.max(axis=1))


def oscr(truth: Ints, scores: Floats) -> float:
    """Area under the open-set classification rate curve (Dhamija et al. 2018).

    Over all thresholds on the highest score: the share of known items that are over it and right,
    against the share of unknown items that are over it. NaN without either.
    """
    known = truth != UNKNOWN
    if known.all() or not known.any():
        return float("nan")
    highest = scores.max(axis=1)
    right = highest[known & (scores.argmax(axis=1) == truth)]
    cuts = np.unique(highest)[::-1]
    x = [0.0, *[(highest[~known] >= cut).mean() for cut in cuts]]
    y = [0.0, *[(right >= cut).sum() / known.sum() for cut in cuts]]
    return float(np.trapezoid(y, x))
