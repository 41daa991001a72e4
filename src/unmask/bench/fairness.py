"""Whether a detector errs alike for all people (Hardt et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fairlearn.metrics import equalized_odds_difference

from unmask.metrics.detection import Floats, Ints, auc


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one group; ``fpr``: reals flagged, ``tpr``: forged flagged."""

    name: str
    reals: int
    fakes: int
    auc: float
    fpr: float
    tpr: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """All groups, worst AUC first, and the largest gaps between them.

    ``odds``: the larger of both gaps in rates (equalised odds difference). ``small``: groups left
    out because they have too few items of a class.
    """

    groups: tuple[Group, ...]
    auc_gap: float
    fpr_gap: float
    tpr_gap: float
    odds: float
    small: tuple[str, ...]


def fairness(
    labels: Ints, scores: Floats, threshold: float, attribute: Sequence[str], least: int = 10
) -> Fairness:
    """Figures by the values of an attribute, at a threshold.

    Items without a value are left out, and so are groups with less than ``least`` items of a
    class. Gaps are NaN with less than two groups.
    """
    values = np.asarray(attribute)
    flagged = scores > threshold
    groups, small = [], []
    for name in sorted(set(values.tolist()) - {""}):
        here = values == name
        reals, fakes = int((labels[here] == 0).sum()), int((labels[here] == 1).sum())
        if min(reals, fakes) < least:
            small.append(name)
            continue
        own, said = labels[here], flagged[here]
        rates = float(said[own == 0].mean()), float(said[own == 1].mean())
        groups.append(Group(name, reals, fakes, auc(own, scores[here]), *rates))
    groups.sort(key=lambda group: group.auc)
    if len(groups) < 2:
        missing = float("nan")
        return Fairness(tuple(groups), missing, missing, missing, missing, tuple(small))
    kept = np.isin(values, [group.name for group in groups])
    odds = equalized_odds_difference(
        labels[kept], flagged[kept].astype(int), sensitive_features=values[kept]
    )

    def gap(figures: Sequence[float]) -> float:
        return max(figures) - min(figures)

    return Fairness(
        tuple(groups),
        gap([group.auc for group in groups]),
        gap([group.fpr for group in groups]),
        gap([group.tpr for group in groups]),
        float(odds),
        tuple(small),
    )
