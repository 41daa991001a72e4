"""How far scores move within a group, where only one thing differs between its items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from unmask.metrics.outcomes import Outcome


def score_moves(rows: Sequence[Outcome]) -> float:
    """Mean absolute difference of logits over all pairs of a group, then over groups.

    NaN when no group has two rows. A detector that looks at nothing but what is the same within a
    group has 0.
    """
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.group:
            groups[row.group].append(row.score)
    means = [
        float(np.mean([abs(a - b) for a, b in combinations(scores, 2)]))
        for scores in groups.values()
        if len(scores) > 1
    ]
    return float(np.mean(means)) if means else float("nan")
