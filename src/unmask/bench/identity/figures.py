"""What comparing people is worth: tables from stored pairs, at the card's thresholds.

Words of the house: a *false alarm* is one person taken for two (the house's false positive), a
*miss* is two people taken for one. Intervals are 95 %, drawing whole people with replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from unmask.bench.identity.pairs import ACROSS, TEST, Pair
from unmask.bench.statistics import mean_interval
from unmask.cards.card import Operating
from unmask.metrics.calibration import cllr, min_cllr
from unmask.metrics.detection import auc, eer

RATES = (0.05, 0.01, 0.001)
_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some pairs at one threshold; a rate is value, low, high."""

    same: int
    other: int
    people: int
    auc: float
    eer: float
    false_alarms: tuple[float, float, float]
    misses: tuple[float, float, float]
    cllr: float
    least_cllr: float


def figures(rows: Sequence[Pair], operating: Operating, rate: float) -> Figures:
    """Figures of pairs with the threshold of a false-alarm rate."""
    scores = np.array([row.score for row in rows], float)
    labels = np.array([row.label for row in rows], int)
    who = np.array([row.identity for row in rows])
    flagged = scores > operating.threshold(rate)
    llrs = np.array([operating.llr(score) for score in scores])

    def share(values: np.ndarray, of: int) -> tuple[float, float, float]:
        chosen = labels == of
        if not chosen.any():
            return (float("nan"),) * 3
        own = values[chosen].astype(float)
        return float(own.mean()), *mean_interval(own, who[chosen].tolist())

    return Figures(
        int((labels == 0).sum()),
        int((labels == 1).sum()),
        len(set(who.tolist())),
        auc(labels, scores),
        eer(labels, scores),
        share(flagged, 0),
        share(~flagged, 1),
        cllr(labels, llrs),
        min_cllr(labels, scores),
    )


def pooled(rows: Sequence[Pair]) -> list[Pair]:
    """The rows that count in figures over all sources."""
    return [row for row in rows if row.source != ACROSS]


def overall(rows: Sequence[Pair], operating: Operating) -> str:
    """Each condition over all sources and each source clean, at a rate of 1 %; the worst first."""
    parts = _split(pooled(rows), lambda row: ("all", row.condition))
    parts |= _split(
        [row for row in rows if row.condition == "clean"], lambda r: (r.source, "clean")
    )
    lines = [
        "| source | condition | pairs same / other | people | AUC | EER | false alarms | misses | "
        "Cllr (least) |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    made = {key: figures(own, operating, 0.01) for key, own in parts.items()}
    for key, one in sorted(made.items(), key=lambda pair: -_or_zero(pair[1].misses[0])):
        lines.append(
            f"| {' | '.join(key)} | {one.same} / {one.other} | {one.people} | {_plain(one.auc, 4)}"
            f" | {_percent(one.eer)} | {_rate(one.false_alarms)} | {_rate(one.misses)} | "
            f"{_plain(one.cllr)} ({_plain(one.least_cllr)}) |"
        )
    return "\n".join(lines)


def by_rate(rows: Sequence[Pair], operating: Operating) -> str:
    """All pairs of the test half, clean and laundered, at several thresholds."""
    lines = [
        "| nominal | distance | false alarms | misses |",
        "|---:|---:|---:|---:|",
    ]
    for rate in RATES:
        one = figures(pooled(rows), operating, rate)
        lines.append(
            f"| {100 * rate:g} % | {operating.threshold(rate):.3f} | {_rate(one.false_alarms)} | "
            f"{_rate(one.misses)} |"
        )
    return "\n".join(lines)


def by_group(rows: Sequence[Pair], operating: Operating) -> str:
    """Clean pairs by the reference person's traits; strangers of the same gender and ethnicity."""
    lines = [
        "| trait | group | source | pairs same / other | false alarms | misses among alike |",
        "|---|---|---|---:|---:|---:|",
    ]
    clean = [row for row in rows if row.condition == "clean" and (not row.label or row.alike)]
    for trait in ("gender", "age_band", "ethnicity"):
        parts = _split(clean, _trait(trait))
        made = [
            (key, figures(own, operating, 0.01))
            for key, own in parts.items()
            if key[0] and len(own) >= _FEWEST
        ]
        for key, one in sorted(made, key=lambda pair: (pair[0][1], -_or_zero(pair[1].misses[0]))):
            lines.append(
                f"| {trait.replace('_', ' ')} | {key[0]} | {key[1]} | {one.same} / {one.other} | "
                f"{_rate(one.false_alarms)} | {_rate(one.misses)} |"
            )
    return "\n".join(lines)


def tested(rows: Sequence[Pair], output: str) -> list[Pair]:
    """The pairs of the test half that speak about an output of the card."""
    return [row for row in rows if row.half == TEST and row.output == output]


def _split(
    rows: Sequence[Pair], key: Callable[[Pair], tuple[str, str]]
) -> dict[tuple[str, str], list[Pair]]:
    parts: dict[tuple[str, str], list[Pair]] = {}
    for row in rows:
        parts.setdefault(key(row), []).append(row)
    return parts


def _trait(name: str) -> Callable[[Pair], tuple[str, str]]:
    return lambda row: (getattr(row, name), row.source)


def _or_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value


def _plain(value: float, digits: int = 2) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f} %"


def _rate(value: tuple[float, float, float]) -> str:
    if np.isnan(value[0]):
        return "–"
    return f"{100 * value[0]:.1f} % ({100 * value[1]:.1f}–{100 * value[2]:.1f})"
