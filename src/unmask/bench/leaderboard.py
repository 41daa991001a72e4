"""All protocols with stored outcomes on one page, in Markdown and as HTML that stands alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unmask.bench.attack_table import attack_tables
from unmask.bench.budget import form
from unmask.bench.kept import kept_protocols
from unmask.bench.markdown import grid, to_html
from unmask.bench.page import footer, tables
from unmask.bench.perturb import CLEAN
from unmask.bench.plots import plots
from unmask.bench.protocol import Protocol
from unmask.bench.table import Line, lines, stored
from unmask.errors import DataError
from unmask.metrics.named import measure
from unmask.metrics.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Place:
    """A detector in a protocol: its ranking figure over tests. NaN where there are none."""

    detector: str
    held_out: float
    known: float
    worst: float
    worst_test: str


def places(protocol: Protocol, found: Sequence[Line]) -> Iterator[tuple[list[str], list[Place]]]:
    """Boards: the tests, and the detectors that were scored on just these, best first.

    The order is by the mean over held-out tests that rank, and over known ones where there are no
    others: detectors of different tests are not compared.
    """
    counted = {test.name for test in protocol.test if test.ranks}
    what = measure(protocol.primary)
    own: dict[str, list[Line]] = defaultdict(list)
    for line in found:
        if line.condition == CLEAN and not line.part:
            own[line.detector].append(line)
    boards: dict[frozenset[str], list[Place]] = defaultdict(list)
    for detector, rows in own.items():
        values = {line.test: line.cells[what.spec].value for line in rows}
        held = [values[line.test] for line in rows if line.held_out and line.test in counted]
        known = [values[line.test] for line in rows if not line.held_out and line.test in counted]
        real = {test: value for test, value in values.items() if not math.isnan(value)}
        pick = min if what.entry.rises else max
        worst = pick(real, key=lambda test: real[test], default="")
        boards[frozenset(values)].append(
            Place(detector, _mean(held), _mean(known), real.get(worst, math.nan), worst)
        )
    names = [test.name for test in protocol.test]
    sign = -1 if what.entry.rises else 1
    for tests, board in boards.items():
        ranked = sorted(board, key=lambda place: _rank(place, sign))
        yield [name for name in names if name in tests], ranked


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _rank(row: Place, sign: int) -> tuple[bool, float]:
    value = row.known if math.isnan(row.held_out) else row.held_out
    return math.isnan(value), sign * value


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def board(
    protocol: Protocol, everything: Sequence[Outcomes], found: Sequence[Line]
) -> list[str]:  # fmt: skip
    """The ranking of a protocol in Markdown, each detector with what its figures stand for."""
    forms = {outcomes.detector: form(outcomes.about) for outcomes in everything}
    out: list[str] = []
    title = measure(protocol.primary).title
    for tests, rows in places(protocol, found):
        out += [f"{title} over: {', '.join(map(repr, tests))}.{_shown_only(protocol, tests)}", ""]
        head = ["detector", "as", "worst test", "worst", "held out, mean", "known sources, mean"]
        cells = [
            [
                row.detector,
                forms[row.detector],
                row.worst_test,
                _number(row.worst),
                _number(row.held_out),
                _number(row.known),
            ]
            for row in rows
        ]
        out += grid(head, cells, 3)
    return out


def _shown_only(protocol: Protocol, tests: Sequence[str]) -> str:
    names = [repr(test.name) for test in protocol.test if test.name in tests and not test.ranks]
    return f" Not counted in the means: {', '.join(names)}." if names else ""


def leaderboard(results: Path, by: str = "", own: Sequence[str] = ()) -> tuple[str, str]:
    """The page as Markdown and as HTML, with tables split by ``by`` beside the others.

    ``own``: files of protocols that do not lie beside their outcomes. Raises DataError when no
    protocol has outcomes, UnknownName for what nothing is split by.
    """
    known, unknown = kept_protocols(results, own)
    left_out = [
        f"Not on this page: the outcomes of {name!r}, whose protocol is not known. Name its file: "
        "`unmask bench leaderboard --protocol FILE`."
        for name in unknown
    ]
    if not known:
        said = " ".join(left_out) or "Run: unmask bench run PROTOCOL"
        raise DataError(f"No protocol that is known has outcomes in {results}. {said}")
    text = [
        "# Leaderboard",
        "",
        "Computed from the stored outcomes by `unmask bench leaderboard`. Held-out sources stand "
        "apart from known ones, and the worst comes first in every table of tests.",
        "",
        *left_out,
        *([""] if left_out else []),
    ]
    pictures: dict[str, Mapping[str, str]] = {}
    for protocol in known:
        everything = stored(results, protocol)
        found = lines(protocol, everything)
        split = lines(protocol, everything, by, intervals=False) if by else []
        text += _section(protocol, everything, found, tables(protocol, split, by))
        pictures[protocol.name] = plots(protocol, everything, found)
    return "\n".join(text).rstrip() + "\n", to_html(text, pictures)


def _section(
    protocol: Protocol, everything: Sequence[Outcomes], found: Sequence[Line], split: Sequence[str]
) -> list[str]:
    return [
        f"## {protocol.title}",
        "",
        f"Protocol `{protocol.name}`; {protocol.source}.",
        "",
        *board(protocol, everything, found),
        *tables(protocol, found),
        *split,
        *attack_tables(everything, protocol),
        *footer(protocol, everything),
    ]
