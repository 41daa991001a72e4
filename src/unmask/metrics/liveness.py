"""The figures of presentation attack detection (ISO/IEC 30107-3), at a protocol's threshold.

An attack is a forged item (label 1), a bona fide presentation a real one. Frames of one recording
are merged by their mean probability. The species of an attack is its generator, or its family.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from unmask.metrics.outcomes import Outcome

WAYS = ("worst", "pooled")


def apcer(rows: Sequence[Outcome], threshold: float, way: str) -> float:
    """Attacks taken for bona fide: of the species that passes most often, or of all together.

    The standard's figure is ``worst``; many papers give ``pooled``. NaN without attacks.
    """
    passed: dict[str, list[float]] = defaultdict(list)
    for row, score in _recordings(rows):
        if row.label:
            passed[row.generator or row.family].append(float(score <= threshold))
    if not passed:
        return float("nan")
    if way == "pooled":
        return float(np.mean([one for species in passed.values() for one in species]))
    return max(float(np.mean(species)) for species in passed.values())


def bpcer(rows: Sequence[Outcome], threshold: float) -> float:
    """Bona fide presentations taken for attacks. NaN without any."""
    flagged = [score > threshold for row, score in _recordings(rows) if not row.label]
    return float(np.mean(flagged)) if flagged else float("nan")


def acer(rows: Sequence[Outcome], threshold: float, way: str) -> float:
    """The mean of APCER and BPCER."""
    return (apcer(rows, threshold, way) + bpcer(rows, threshold)) / 2


def hter(rows: Sequence[Outcome], threshold: float) -> float:
    """Half total error rate: the mean of both error rates, attacks of all species together."""
    return acer(rows, threshold, "pooled")


def _recordings(rows: Sequence[Outcome]) -> list[tuple[Outcome, float]]:
    """The first row of each recording, and the logit of its rows' mean probability."""
    parts: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        parts[row.media_id or row.item_id].append(row)
    found = []
    for group in parts.values():
        if len(group) == 1:
            found.append((group[0], group[0].score))
            continue
        mean = np.mean([1 / (1 + np.exp(-np.clip(row.score, -60, 60))) for row in group])
        kept = np.clip(mean, 1e-15, 1 - 1e-15)
        found.append((group[0], float(np.log(kept / (1 - kept)))))
    return found
