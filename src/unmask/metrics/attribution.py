"""Which generator made it, when some generators were never met in training.

``truth`` is the number of a known class, or -1 for an unknown one; ``scores`` are items × known
classes, higher = rather this class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from unmask.metrics.detection import Floats, Ints, auc

UNKNOWN = -1
PARTS = ("all", "known", "novel")


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


def cluster_accuracy(truth: Ints, names: Sequence[str], scores: Floats, part: str) -> float:
    """Share of items whose highest column is the one that stands for their generator.

    ``names``: the true generators, also those that are no known class. Of known items the column
    is their class's own; of novel ones, and of all together, columns are assigned to generators
    as fits best (Hungarian method). NaN without items of the ``part``.
    """
    from scipy.optimize import linear_sum_assignment

    kept = _part(truth, part)
    if not kept.any():
        return float("nan")
    said = scores.argmax(axis=1)
    if part == "known":
        return float((said[kept] == truth[kept]).mean())
    kinds, number = np.unique(np.asarray(names)[kept], return_inverse=True)
    counts = np.zeros((scores.shape[1], kinds.size), np.int64)
    np.add.at(counts, (said[kept], number), 1)
    rows, columns = linear_sum_assignment(-counts)
    return float(counts[rows, columns].sum() / kept.sum())


def cluster_agreement(
    truth: Ints,
    names: Sequence[str],
    scores: Floats,
    part: str,
    measure: Literal["nmi", "ari"],
) -> float:
    """Normalised mutual information or adjusted Rand index of columns and generators.

    Arguments as in ``cluster_accuracy``; NaN without items of the ``part``.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    kept = _part(truth, part)
    if not kept.any():
        return float("nan")
    of = normalized_mutual_info_score if measure == "nmi" else adjusted_rand_score
    return float(of(np.asarray(names)[kept], scores.argmax(axis=1)[kept]))


def _part(truth: Ints, part: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    if part == "all":
        return np.ones(truth.size, bool)
    return np.asarray((truth == UNKNOWN) == (part == "novel"))
