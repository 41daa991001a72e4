"""Boxes, words and kinds of manipulation of a picture with text (Shao et al. 2023, DGM4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unmask.metrics.detection import Floats, Ints, average_precision

EMPTY = 1e-4
"""A share of the picture under which a box is none."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Precision, recall and their harmonic mean; NaN where nothing was said or nothing is true."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """0 when both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _ratio(over: float, under: float) -> float:
    return over / under if under else float("nan")


def box_ious(truth: Floats, found: Floats) -> Floats:
    """Intersection over union of boxes (n × 4: centre x, centre y, width, height), pair by pair.

    Where nothing is forged the true box is all zeros: a found one that reaches no further than
    ``EMPTY`` counts as 1 there and any other as 0, as in the authors' program.
    """

    def corners(boxes: Floats) -> tuple[Floats, Floats]:
        return boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2

    (low_a, high_a), (low_b, high_b) = corners(truth), corners(found)
    side = np.clip(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0, None)
    shared = side.prod(axis=1)
    union = truth[:, 2:].prod(axis=1) + found[:, 2:].prod(axis=1) - shared
    ious = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    nothing = ~truth.any(axis=1) & (np.concatenate([low_b, high_b], axis=1) < EMPTY).all(axis=1)
    return np.asarray(np.where(nothing, 1.0, ious))


def token_retrieval(
    truth: Sequence[Sequence[int]], scores: Sequence[Sequence[float]], threshold: float = 0.0
) -> Retrieval:
    """Of forged words, over all texts together; a word over ``threshold`` is called forged."""
    true = np.concatenate([np.asarray(row, int) for row in truth]) == 1
    said = np.concatenate([np.asarray(row, float) for row in scores]) > threshold
    hits = float((true & said).sum())
    return Retrieval(_ratio(hits, said.sum()), _ratio(hits, true.sum()))


def mean_average_precision(truth: Ints, scores: Floats) -> float:
    """Mean over kinds of the average precision; kinds that never or always hold are left out."""
    values = [average_precision(truth[:, k], scores[:, k]) for k in range(truth.shape[1])]
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def overall(truth: Ints, scores: Floats, threshold: float = 0.0) -> Retrieval:
    """All decisions on all kinds together (its F1 is OF1)."""
    said = scores >= threshold
    hits = float((said & (truth == 1)).sum())
    return Retrieval(_ratio(hits, float(said.sum())), _ratio(hits, float((truth == 1).sum())))


def per_kind(truth: Ints, scores: Floats, threshold: float = 0.0) -> Retrieval:
    """Means of precision and recall over kinds (its F1 is CF1).

    A kind that is never said has the precision 0; a kind that never holds has no recall and leaves
    the mean.
    """
    said = scores >= threshold
    hits = (said & (truth == 1)).sum(axis=0).astype(float)
    held = (truth == 1).sum(axis=0)
    precision = hits / np.maximum(said.sum(axis=0), 1)
    recall = hits[held > 0] / held[held > 0]
    if not len(recall):
        return Retrieval(float(precision.mean()), float("nan"))
    return Retrieval(float(precision.mean()), float(recall.mean()))
