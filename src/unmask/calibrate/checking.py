"""Does a promised rate still hold on new authentic files, and since when not?"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from unmask.decision.binomial import power, upper_tail, upper_tail_fitted
from unmask.decision.calibration import Calibration
from unmask.decision.conformal import place
from unmask.decision.likeness import ALARM
from unmask.decision.rows import Row, of_kind
from unmask.errors import SettingError
from unmask.types import Kind

LEVEL = 0.05
"""A departure is stated when chance alone would show it at most this often."""
CANDIDATES = 20
"""Dates that are tried as the one since when a rate does not hold."""
LEAST = 20
"""Files after such a date."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Flagged authentic files against a promise. ``p``: exact binomial upper tail.

    ``level``: under which p the promise counts as broken (Bonferroni within a family of tests).
    """

    name: str
    flagged: int
    files: int
    promised: float
    p: float
    level: float

    @property
    def broken(self) -> bool:
        """Whether more are flagged than chance explains."""
        return self.p <= self.level


@dataclass(frozen=True, slots=True)
class Checked:
    """One kind of medium. ``p_luck``: the tail that also allows for the luck of a calibration of
    few files. ``since``: the date from which the rate does not hold; empty when it does.
    ``noticed``: how likely a doubled rate would have been noticed with so many files.
    ``unlike``: share of the files that are unlike the calibration's (``alarm`` of them by chance).
    """

    kind: Kind
    overall: Tally
    p_luck: float
    groups: tuple[Tally, ...]
    since: str
    noticed: float
    unlike: float
    silent: int
    alarm: float = ALARM


def check(calibration: Calibration, rows: Sequence[Row], fpr: float) -> list[Checked]:
    """Compare the rate of each kind with the promise. Raises SettingError for a rate that the
    calibration cannot vouch for."""
    calibration.check_rate(fpr)
    found = []
    for table in calibration.certificate.kinds:
        if fpr < table.lowest or not (own := of_kind(rows, table.kind, 0)):
            continue
        found.append(_of_kind(calibration, table.kind, own, fpr, table.files))
    if not found:
        kinds = ", ".join(
            f"{one.kind} ({one.files} files)" for one in calibration.certificate.kinds
        )
        raise SettingError(f"None of the new files is of a kind calibrated for {fpr:g}: {kinds}.")
    return found


def _of_kind(
    calibration: Calibration, kind: Kind, rows: Sequence[Row], fpr: float, files: int
) -> Checked:
    judged = [row for row in rows if calibration.judge(kind, row.surprise, row.joined)]
    judged.sort(key=lambda row: (row.taken, row.path))
    fitted = calibration.kinds[kind]
    statistics = fitted.voters.statistics([row.values() for row in judged])
    hits = [bool(p <= fpr) for p in fitted.statistic.p(statistics)]
    overall = _tally("all", hits, fpr, LEVEL)
    likeness = fitted.likeness.p([(row.numbers, row.words) for row in judged])
    above = files - place(files, fpr) + 1
    return Checked(
        kind=kind,
        overall=overall,
        p_luck=upper_tail_fitted(overall.flagged, overall.files, above, files),
        groups=_by_group(judged, hits, min(1.0, fpr * calibration.certificate.worst)),
        since=since(hits, [row.taken for row in judged], fpr),
        noticed=power(len(hits), fpr, min(1.0, 2 * fpr)),
        unlike=float((likeness <= ALARM).mean()) if judged else 0.0,
        silent=len(rows) - len(judged),
    )


def _tally(name: str, hits: Sequence[bool], promised: float, level: float) -> Tally:
    flagged = sum(hits)
    tail = upper_tail(flagged, len(hits), promised)
    return Tally(name, flagged, len(hits), promised, tail, level)


def _by_group(rows: Sequence[Row], hits: Sequence[bool], promised: float) -> tuple[Tally, ...]:
    """Each group against what is promised for a group; the level is shared."""
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for row, hit in zip(rows, hits, strict=True):
        groups[row.group].append(hit)
    level = LEVEL / max(1, len(groups))
    return tuple(_tally(name, groups[name], promised, level) for name in sorted(groups))


def since(hits: Sequence[bool], dates: Sequence[str], promised: float) -> str:
    """The date from which on the rate exceeds the promise; empty when none does.

    ``hits`` in order of their rising ``dates``. Up to ``CANDIDATES`` dates are tried, evenly
    spread over the files; one counts when the files from it on exceed the promise at ``LEVEL``
    shared among the candidates (Bonferroni). Of these the most likely one is named: where the rate
    before, held to the promise, and the rate after explain the files best.
    """
    total = len(hits)
    starts = _starts(dates, total)
    sums = [0]
    for hit in hits:
        sums.append(sums[-1] + hit)
    best, named = -math.inf, ""
    for start in starts:
        after, before = sums[total] - sums[start], sums[start]
        if after <= promised * (total - start):
            continue
        if upper_tail(after, total - start, promised) > LEVEL / len(starts):
            continue
        late = max(promised, after / (total - start))
        early = min(promised, before / start) if start else promised
        fit = _likelihood(before, start, early) + _likelihood(after, total - start, late)
        if fit > best:
            best, named = fit, dates[start]
    return named


def _starts(dates: Sequence[str], total: int) -> list[int]:
    """Numbers of the first files of the candidate dates."""
    step = max(1, total // CANDIDATES)
    return sorted({bisect_left(dates, dates[at]) for at in range(0, total - LEAST + 1, step)})


def _likelihood(hits: int, of: int, rate: float) -> float:
    """Log-likelihood of ``hits`` at ``rate``; what cannot happen counts as very unlikely."""
    bounded = min(max(rate, 1e-12), 1 - 1e-12)
    return hits * math.log(bounded) + (of - hits) * math.log1p(-bounded)
