"""Every figure of a protocol, computed from stored outcomes and nothing else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from unmask.bench import statistics
from unmask.bench.by_source import groupings, part_of, places_of
from unmask.bench.perturb import CLEAN
from unmask.bench.protocol import Protocol
from unmask.errors import DataError, UnknownName
from unmask.metrics.aggregate import merged
from unmask.metrics.costs import Verifier
from unmask.metrics.detection import Floats, Ints, both
from unmask.metrics.named import Measure, measure
from unmask.metrics.outcomes import Outcome, Outcomes, read_outcomes

OF_FAKES = ("generator", "family")
OF_PEOPLE = ("gender", "age", "ethnicity", "language", "source")
GROUPINGS = (*OF_FAKES, *OF_PEOPLE)
"""Columns that a table can be split by: the first two say something of forged items only."""
DRAWS = 300


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows as a metric takes them: one label, score and group a recording."""

    labels: Ints
    scores: Floats
    groups: tuple[str, ...]
    media: tuple[str, ...]
    rows: tuple[Outcome, ...]

    @property
    def reals(self) -> int:
        """Real recordings."""
        return int((self.labels == 0).sum())

    @property
    def fakes(self) -> int:
        """Forged recordings."""
        return int((self.labels == 1).sum())


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure and its interval; NaN where it does not exist."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. ``part``: the value of what the table is split by, or nothing.

    ``unperturbed``: the ranking figure of the very same items when clean; NaN when not stored.
    """

    detector: str
    test: str
    condition: str
    part: str
    held_out: bool
    reals: int
    fakes: int
    left_out: int
    cells: dict[str, Cell]
    unperturbed: float = float("nan")


def scored(rows: Sequence[Outcome], protocol: Protocol) -> Scored:
    """Rows merged to recordings, as the protocol says."""
    parts = merged(
        [row.media_id for row in rows],
        [row.label for row in rows],
        [row.score for row in rows],
        protocol.aggregate,
        [row.path for row in rows],
    )
    first = [rows[numbers[0]] for numbers, _, _ in parts]
    return Scored(
        np.array([label for _, label, _ in parts], dtype=np.int64),
        np.array([score for _, _, score in parts], dtype=float),
        tuple(row.group for row in first),
        tuple(row.media_id for row in first),
        tuple(rows),
    )


def threshold_of(outcomes: Outcomes, protocol: Protocol) -> float:
    """The logit over which an item is called forged: 0, or where validation is balanced best.

    Raises DataError when the protocol chooses on validation and its outcomes have none.
    """
    if protocol.threshold == "fixed":
        return 0.0
    rows = [row for row in outcomes.rows if row.test == "val"]
    part = scored(rows, protocol) if rows else None
    if part is None or not both(part.labels):
        raise DataError(
            f"The outcomes of {outcomes.detector!r} have no validation items of both classes, on "
            f"which {protocol.name!r} chooses the threshold. Run the protocol again."
        )
    flagged, found, cuts = roc_curve(part.labels, part.scores, drop_intermediate=False)
    best = int(np.argmax(found - flagged))
    if best == 0:
        return float(cuts[1])
    under = part.scores[part.scores < cuts[best]]
    return float((cuts[best] + under.max()) / 2) if len(under) else float(cuts[best]) - 1e-9


def figure(
    what: Measure, part: Scored, threshold: float = 0.0, verifier: Verifier | None = None
) -> float:
    """One figure of a part; NaN where the outcomes do not hold what it needs."""
    if what.entry.needs == "score":
        return what.of_scores(part.labels, part.scores, threshold, verifier)
    rows = [row for row in part.rows if _carries(row, what.entry.needs)]
    return what.of_rows(rows, threshold)


def _carries(row: Outcome, needs: str) -> bool:
    if needs == "proposals":
        return row.kind in ("video", "audio")
    if needs == "decisions":
        return True
    if needs == "families":
        return not row.label or bool(row.class_scores)
    field = {"box": "box_found", "tokens": "token_scores", "kinds": "kind_scores",
             "classes": "class_scores", "pixels": "pixels", "groups": "group"}[needs]  # fmt: skip
    return bool(getattr(row, field))


def spread(
    what: Measure, part: Scored, threshold: float = 0.0, verifier: Verifier | None = None
) -> tuple[float, float]:
    """The 95 % interval of a figure, drawing groups with replacement."""
    if what.spec == "auc":
        return statistics.auc_interval(part.labels, part.scores, part.groups, DRAWS)
    if what.entry.needs == "score":
        return statistics.interval(
            lambda i: what.of_scores(part.labels[i], part.scores[i], threshold, verifier),
            part.groups,
            DRAWS,
        )
    rows = [row for row in part.rows if _carries(row, what.entry.needs)]
    return statistics.interval(
        lambda i: what.of_rows([rows[n] for n in i], threshold), [row.group for row in rows], DRAWS
    )


def parts_of(
    rows: Iterable[Outcome], by: str, places: Iterable[str] = ()
) -> dict[str, list[Outcome]]:
    """Rows by the value of ``by``; forged ones of a part stand against all reals.

    ``by``: a column (``GROUPINGS``), or what generators are sorted by (``by_source``), for which
    ``places`` names the datasets. Rows without a value are left out. Raises UnknownName.
    """
    made = by in groupings()
    if not made and by not in GROUPINGS:
        raise UnknownName("grouping", by, (*GROUPINGS, *groupings()))
    rows, places = list(rows), tuple(places)
    of_fakes = made or by in OF_FAKES
    found: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        if of_fakes and not row.label:
            continue
        if value := part_of(row, by, places) if made else getattr(row, by):
            found[value].append(row)
    if of_fakes:
        reals = [row for row in rows if not row.label]
        return {value: own + reals for value, own in found.items()}
    return dict(found)


def lines(
    protocol: Protocol,
    everything: Sequence[Outcomes],
    by: str = "",
    intervals: bool = True,
    verifier: Verifier | None = None,
) -> list[Line]:
    """All lines of a protocol, worst first among held-out tests and then among known ones.

    Unperturbed lines come before perturbed ones. ``by``: what ``parts_of`` takes.
    """
    measures = [measure(spec) for spec in protocol.metrics]
    verifier = verifier or protocol.verifier
    held = {test.name: test.held_out for test in protocol.test}
    out = []
    for outcomes in everything:
        threshold = threshold_of(outcomes, protocol)
        sets: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
        for row in outcomes.rows:
            if row.test != "val":
                sets[row.test, row.condition].append(row)
        left_out = outcomes.about.get("left_out", {})
        for (test, condition), rows in sets.items():
            gone = int(left_out.get(test if condition == CLEAN else f"{test}, {condition}", 0))
            parts = parts_of(rows, by, places_of(protocol, test)) if by else {"": rows}
            for part, own in parts.items():
                found = scored(own, protocol)
                cells = {}
                for number, what in enumerate(measures):
                    value = figure(what, found, threshold, verifier)
                    wide = intervals and number == 0 and not np.isnan(value)
                    bounds = spread(what, found, threshold, verifier) if wide else ()
                    cells[what.spec] = Cell(value, *bounds)
                before = math.nan
                if condition != CLEAN and not by:
                    same = {row.item_id for row in own}
                    clean = [row for row in sets.get((test, CLEAN), ()) if row.item_id in same]
                    if clean:
                        before = figure(measures[0], scored(clean, protocol), threshold, verifier)
                out.append(
                    Line(
                        outcomes.detector, test, condition, part, held.get(test, False),
                        found.reals, found.fakes, gone, cells, before,
                    )
                )  # fmt: skip
    return sorted(out, key=_worst_first(measures[0]))


def _worst_first(primary: Measure) -> Callable[[Line], Any]:
    sign = 1 if primary.entry.rises else -1

    def key(line: Line) -> Any:
        value = line.cells[primary.spec].value
        return line.condition != CLEAN, not line.held_out, np.isnan(value), sign * value

    return key


def stored(
    results: Path, protocol: Protocol, detectors: Sequence[str] = ()
) -> list[Outcomes]:  # fmt: skip
    """Outcomes of a protocol. Raises DataError when there are none, UnknownName for another."""
    folder = results / protocol.name
    paths = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    if not paths:
        raise DataError(
            f"There are no outcomes in {folder}. "
            f"Run: unmask bench run {protocol.name} --detector NAME"
        )
    for name in detectors:
        if name not in paths:
            raise UnknownName("detector with outcomes", name, paths)
    return [read_outcomes(paths[name]) for name in detectors or paths]
