"""How well a map of forged pixels fits the truth, from two histograms an image.

``counts`` reduces an image to how many intact and forged pixels have each of 256 values, which is
what predictions store. Everything else is computed from that, at a resolution of 1/256: values in
one bin count as equal. Images without a forged pixel have no figure of their own (NaN) and join
only what is pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.metrics.detection import Floats, mode_of

BINS = 256
WAYS = ("per-image", "pooled")
CUTS = ("fixed", "best")
"""``fixed``: forged from 0.5 on. ``best``: the threshold that suits the truth best, an upper bound
that no one can use; a protocol refuses it."""

Counts = NDArray[np.int64]
"""2 × 256: pixels of each value, intact and forged."""


def counts(truth: NDArray[np.bool_], values: Floats) -> Counts:
    """The histograms of one image; ``values`` in 0…1, of the shape of ``truth``."""
    if truth.shape != values.shape:
        raise DataError(f"The mask is {truth.shape}, the map {values.shape}; they must be alike.")
    place = np.clip((values * BINS).astype(np.int64), 0, BINS - 1)
    return np.stack([np.bincount(place[truth == side], minlength=BINS) for side in (False, True)])


def _confusion(count: Counts) -> tuple[Floats, Floats, Floats, Floats]:
    """True and false positives, false and true negatives when values from bin *i* on are forged."""
    from_here = count[:, ::-1].cumsum(axis=1)[:, ::-1].astype(float)
    fp, tp = from_here
    return tp, fp, count[1].sum() - tp, count[0].sum() - fp


def _share(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _f1(tp: Floats, fp: Floats, fn: Floats, _: Floats) -> Floats:
    return _share(2 * tp, 2 * tp + fp + fn)


def _iou(tp: Floats, fp: Floats, fn: Floats, _: Floats) -> Floats:
    return _share(tp, tp + fp + fn)


def _mcc(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    return _share(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _at(figure: Callable[..., Floats], images: Sequence[Counts], way: str, cut: str) -> float:
    mode_of("A pixel metric", way, WAYS)
    mode_of("A pixel metric", cut, CUTS)

    def one(count: Counts) -> float:
        if not count[1].sum():
            return float("nan")
        values = figure(*_confusion(count))
        return float(values.max() if cut == "best" else values[BINS // 2])

    return _gathered(one, images, way)


def _gathered(one: Callable[[Counts], float], images: Sequence[Counts], way: str) -> float:
    if not len(images):
        return float("nan")
    if way == "pooled":
        return one(np.sum(images, axis=0))
    own = np.array([one(count) for count in images])
    own = own[np.isfinite(own)]
    return float(own.mean()) if len(own) else float("nan")


def f1(images: Sequence[Counts], way: str = "per-image", cut: str = "fixed") -> float:
    """F1 of forged pixels."""
    return _at(_f1, images, way, cut)


def iou(images: Sequence[Counts], way: str = "per-image", cut: str = "fixed") -> float:
    """Intersection over union of forged pixels."""
    return _at(_iou, images, way, cut)


def mcc(images: Sequence[Counts], way: str = "per-image", cut: str = "fixed") -> float:
    """Matthews' correlation; 0 where a row or column of the table is empty."""
    return _at(_mcc, images, way, cut)


def pixel_auc(images: Sequence[Counts], way: str = "per-image") -> float:
    """Area under the ROC curve over pixels; NaN where a class is missing."""
    mode_of("Pixel AUC", way, WAYS)

    def one(count: Counts) -> float:
        intact, forged = count.astype(float)
        if not intact.sum() or not forged.sum():
            return float("nan")
        under = np.cumsum(intact) - intact / 2
        return float((forged * under).sum() / (forged.sum() * intact.sum()))

    return _gathered(one, images, way)
