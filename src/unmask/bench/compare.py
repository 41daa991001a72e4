"""Two detectors on the same items of a protocol."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unmask.bench import statistics
from unmask.bench.perturb import CLEAN
from unmask.bench.protocol import Protocol
from unmask.bench.statistics import Difference, Index
from unmask.bench.table import Scored, scored, threshold_of
from unmask.errors import DataError
from unmask.metrics import auc
from unmask.metrics.detection import both
from unmask.metrics.outcomes import Outcomes


def compare(
    protocol: Protocol, first: Outcomes, second: Outcomes, condition: str = CLEAN
) -> Iterator[tuple[str, int, Difference]]:
    """Tests of a difference, a test set each: its name, the number of recordings, the result.

    AUC by the paired bootstrap over groups and by DeLong's test, decisions at each one's threshold
    by McNemar's. Only recordings that both judged count. Raises DataError when there are none.
    """
    cuts = threshold_of(first, protocol), threshold_of(second, protocol)
    some = False
    for test in protocol.test:
        one, two = (_part(outcomes, protocol, test.name, condition) for outcomes in (first, second))
        if one is None or two is None:
            continue
        one, two = _common(one, two)
        if not len(one.labels) or not both(one.labels):
            continue
        some = True
        count = len(one.labels)
        yield test.name, count, _bootstrap(one, two)
        if min(one.reals, one.fakes) > 1:
            yield test.name, count, statistics.delong(one.labels, one.scores, two.scores)
        right = [
            (p.scores > cut) == (p.labels == 1) for p, cut in zip((one, two), cuts, strict=True)
        ]
        yield test.name, count, statistics.mcnemar(*right)
    if not some:
        raise DataError(
            f"{first.detector!r} and {second.detector!r} have no test of {protocol.name!r} in "
            f"common under {condition!r}."
        )


def _part(outcomes: Outcomes, protocol: Protocol, test: str, condition: str) -> Scored | None:
    rows = [r for r in outcomes.rows if r.test == test and r.condition == condition]
    return scored(rows, protocol) if rows else None


def _common(one: Scored, two: Scored) -> tuple[Scored, Scored]:
    """Both cut down to the recordings of both, in one order."""
    places = {name: i for i, name in enumerate(two.media)}
    pairs = [(i, places[name]) for i, name in enumerate(one.media) if name in places]
    return _taken(one, [i for i, _ in pairs]), _taken(two, [j for _, j in pairs])


def _taken(part: Scored, places: list[int]) -> Scored:
    index = np.array(places, dtype=np.int64)
    return Scored(
        part.labels[index],
        part.scores[index],
        tuple(part.groups[i] for i in places),
        tuple(part.media[i] for i in places),
        part.rows,
    )


def _right(part: Scored, threshold: float) -> NDArray[np.bool_]:
    return np.asarray((part.scores > threshold) == (part.labels == 1))


def _bootstrap(one: Scored, two: Scored) -> Difference:
    def of(part: Scored) -> statistics.Figure:
        def figure(index: Index) -> float:
            return auc(part.labels[index], part.scores[index])

        return figure

    return statistics.paired_bootstrap(of(one), of(two), one.groups)
