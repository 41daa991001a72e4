"""How well real and forged are told apart by nuisance traits alone: cross-validated by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.datasets.manifest import Item
from unmask.datasets.traits import Traits

LEAST = 0.6
"""Area under the curve above which, beyond doubt, a pair of sources leaks."""
FEWEST = 10
"""Items of each class without which nothing can be said."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """One real source against one fake source of the same kind.

    ``auc`` and its standard error ``se`` (Hanley and McNeil 1982) are those of all traits together;
    ``features`` are single traits and what each reaches alone, the strongest first.
    """

    kind: str
    real: str
    fake: str
    reals: int
    fakes: int
    auc: float
    se: float
    features: tuple[tuple[str, float], ...]

    @property
    def leaks(self) -> bool:
        """Whether the area exceeds ``LEAST`` by two standard errors."""
        return self.auc - 2 * self.se > LEAST


def pairs(items: Sequence[Item], traits: Mapping[str, Traits], seed: int = 0) -> list[Pair]:
    """Every real source against every fake source, and every generator of it, kind by kind.

    Pairs with fewer than ``FEWEST`` items or two groups on a side are left out.
    """
    sides: dict[tuple[str, int, str], list[Item]] = defaultdict(list)
    for item in items:
        if item.item_id in traits:
            for source in sources(item):
                sides[item.kind, item.label, source].append(item)
    seen: set[tuple[str, ...]] = set()  # a source with one generator is looked at once
    found = []
    for (kind, label, real), reals in sorted(sides.items()):
        for (other, forged, fake), fakes in sorted(sides.items()):
            both = (kind, real, *(item.item_id for item in fakes))
            if label == 0 and forged == 1 and kind == other and both not in seen:
                seen.add(both)
                pair = _pair(kind, real, fake, reals, fakes, traits, seed)
                found += [pair] if pair else []
    return found


def sources(item: Item) -> tuple[str, ...]:
    """What an item counts to: its source, and if it is forged its generator within that."""
    if item.label and item.generator:
        one = f"{item.source}: {item.generator}" if item.source else item.generator
        return (item.source, one) if item.source else (one,)
    return (item.source or "(none)",)


def _pair(
    kind: str,
    real: str,
    fake: str,
    reals: Sequence[Item],
    fakes: Sequence[Item],
    traits: Mapping[str, Traits],
    seed: int,
) -> Pair | None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    rows = [*reals, *fakes]
    labels = np.array([item.label for item in rows])
    groups = np.array([item.group or item.media_id for item in rows])
    folds = _folds(labels, groups)
    if min(len(reals), len(fakes)) < FEWEST or folds < 2:
        return None
    columns = _columns([traits[item.item_id] for item in rows])
    if not columns:
        return Pair(kind, real, fake, len(reals), len(fakes), 0.5, 0.0, ())
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=seed)
    table = np.concatenate(list(columns.values()), axis=1)
    area = _area(forest, table, labels, groups, folds)
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=3, random_state=seed)
    single = {name: _area(tree, column, labels, groups, folds) for name, column in columns.items()}
    ranked = sorted(single.items(), key=lambda one: -one[1])
    error = _standard_error(area, len(fakes), len(reals))
    return Pair(kind, real, fake, len(reals), len(fakes), area, error, tuple(ranked))


def _folds(labels: NDArray[np.int_], groups: NDArray[np.str_]) -> int:
    """Folds that every class can fill with groups of its own."""
    return min(_FOLDS, *(len(set(groups[labels == label])) for label in (0, 1)))


def _columns(rows: Sequence[Traits]) -> dict[str, NDArray[np.float64]]:
    """Traits that vary, as columns of numbers: classes one-hot, missing numbers as -1."""
    columns = {}
    for name in sorted({name for row in rows for name in row}):
        values = [row.get(name, "" if _is_class(rows, name) else -1.0) for row in rows]
        if len(set(values)) < 2:
            continue
        if _is_class(rows, name):
            classes = sorted(map(str, set(values)))
            columns[name] = np.array([[float(v == c) for c in classes] for v in values])
        else:
            columns[name] = np.array(values, np.float64)[:, None]
    return columns


def _is_class(rows: Sequence[Traits], name: str) -> bool:
    return any(isinstance(row.get(name), str) for row in rows)


def _area(
    model: object,
    table: NDArray[np.float64],
    labels: NDArray[np.int_],
    groups: NDArray[np.str_],
    folds: int,
) -> float:
    """Area under the curve over held-out groups."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    split = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    scores = cross_val_predict(
        model, table, labels, groups=groups, cv=split, method="predict_proba"
    )
    return round(float(roc_auc_score(labels, scores[:, -1])), 4)


def _standard_error(area: float, positives: int, negatives: int) -> float:
    """Of an area under the curve: Hanley and McNeil 1982, equation 1."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (positives - 1) * (q1 - area**2)
    variance += (negatives - 1) * (q2 - area**2)
    return round(float(np.sqrt(max(variance, 0.0) / (positives * negatives))), 4)
