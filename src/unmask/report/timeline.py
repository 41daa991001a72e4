"""Scores along time as SVG geometry and as a table."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unmask.report.phrases import clock, percent
from unmask.report.plain import visible
from unmask.report.words import title, vote
from unmask.types import Finding, Report, Series, Span, Vote

WIDTH, PLOT_HEIGHT = 960.0, 220.0
LEFT, RIGHT, TOP = 64.0, 16.0, 14.0
LANE = 26.0
_POINTS = 400
_ROWS = 24
_STYLES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One series: ``path`` is SVG, ``style`` numbers its colour and dashes from 0."""

    name: str
    path: str
    dots: tuple[tuple[float, float], ...]
    style: int


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time on the axis, in SVG units, said in words by ``text``."""

    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The stretches of one finding, drawn as a row under the plot."""

    number: int
    name: str
    style: str
    bands: tuple[Band, ...]
    y: float


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch of the table: the highest value of each series, and which findings mark it."""

    time: str
    values: tuple[str, ...]
    marked: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that the template draws. ``ticks`` are (x, text)."""

    lines: tuple[Line, ...]
    shades: tuple[Band, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    plot: float
    height: float
    summary: str


def timeline(report: Report, numbered: Sequence[tuple[int, Finding]]) -> Timeline | None:
    """The timeline of a report; ``None`` when nothing in it speaks of time.

    ``numbered`` are the findings with the numbers that the page gives them.
    """
    series = [
        (_name(finding, item), item)
        for _, finding in numbered
        for item in finding.series
        if item.times
    ]
    marked = [(number, finding) for number, finding in numbered if finding.where.spans]
    if not series and not marked:
        return None
    end = _end(report, series, marked)
    plot = PLOT_HEIGHT if series else 0.0
    lines = tuple(
        Line(name, *_path(item, end), style=i % _STYLES) for i, (name, item) in enumerate(series)
    )
    lanes = tuple(
        Lane(
            number,
            f"{title(finding)} ({vote(finding).lower()})",
            finding.vote.value if finding.vote else "fact",
            tuple(_band(span, end) for span in finding.where.spans),
            TOP + plot + 34 + i * LANE,
        )
        for i, (number, finding) in enumerate(marked)
    )
    suspect = [
        span for _, item in marked if item.vote in (Vote.FORGED, None) for span in item.where.spans
    ]
    return Timeline(
        lines=lines,
        shades=tuple(_band(span, end) for span in _union(suspect)),
        lanes=lanes,
        ticks=tuple((_x(t, end), clock(t, tenth=t % 1 > 0)) for t in _ticks(end)),
        rows=_rows(series, marked, end),
        plot=plot,
        height=TOP + plot + 34 + len(lanes) * LANE + 6,
        summary=_summary(series, suspect, end),
    )


def y_of(value: float) -> float:
    """The height of a probability in the plot."""
    return TOP + (1 - min(max(value, 0.0), 1.0)) * PLOT_HEIGHT


def _name(finding: Finding, series: Series) -> str:
    """What a line shows; the name of a series only tells several of one finding apart."""
    name = visible(series.name, 60) if len(finding.series) > 1 else ""
    named = f"{title(finding)}, {name}" if name else title(finding)
    return f"{named} ({vote(finding).lower()})" if finding.withheld else named


def _x(time: float, end: float) -> float:
    return LEFT + min(max(time / end, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)


def _end(
    report: Report,
    series: Iterable[tuple[str, Series]],
    marked: Iterable[tuple[int, Finding]],
) -> float:
    ends = [report.media.seconds or 0.0]
    ends += [max(item.times) for _, item in series]
    ends += [span.end for _, finding in marked for span in finding.where.spans]
    return max([value for value in ends if math.isfinite(value)] + [0.1])


def _band(span: Span, end: float) -> Band:
    left, right = _x(span.start, end), _x(span.end, end)
    return Band(left, max(right - left, 2.0), f"{clock(span.start)} to {clock(span.end)}")


def _union(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _points(series: Series) -> list[tuple[float, float]]:
    """Times and values of a series, thinned so that every peak and trough is kept."""
    pairs = list(zip(series.times, series.values, strict=True))
    step = math.ceil(2 * len(pairs) / _POINTS)
    if step <= 2:
        return pairs
    kept: list[tuple[float, float]] = []
    for start in range(0, len(pairs), step):
        part = [pair for pair in pairs[start : start + step] if math.isfinite(pair[1])]
        ends = {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])} if part else set()
        kept += sorted(ends) if ends else [pairs[start]]
    return kept


def _path(series: Series, end: float) -> tuple[str, tuple[tuple[float, float], ...]]:
    """The line of a series, broken at gaps, and dots for values that stand alone."""
    points = _points(series)
    steps = [b[0] - a[0] for a, b in itertools.pairwise(points)]
    gap = 4 * statistics.median(steps) if steps else 0.0
    runs: list[list[tuple[float, float]]] = [[]]
    before = -math.inf
    for time, value in points:
        if not math.isfinite(value) or (time - before > gap and runs[-1]):
            runs.append([])
        if math.isfinite(value):
            runs[-1].append((_x(time, end), y_of(value)))
            before = time
    path = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) for run in runs if len(run) > 1
    )
    return path, tuple(run[0] for run in runs if len(run) == 1)


def _ticks(end: float) -> list[float]:
    """Round times, about six of them."""
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    step = next((step for step in steps if end / step <= 7), math.ceil(end / 7 / 3600) * 3600.0)
    return [i * step for i in range(int(end / step + 1e-6) + 1)]


def _rows(
    series: Sequence[tuple[str, Series]], marked: Sequence[tuple[int, Finding]], end: float
) -> tuple[Row, ...]:
    points = max((len(item.times) for _, item in series), default=_ROWS)
    count = max(1, min(_ROWS, points))
    edges = [end * i / count for i in range(count + 1)]
    rows = []
    for start, stop in itertools.pairwise(edges):
        last = stop == edges[-1]
        numbers = [
            f"finding {number}"
            for number, finding in marked
            if finding.vote in (Vote.FORGED, None)
            and any(span.start < stop and span.end > start for span in finding.where.spans)
        ]
        values = tuple(_highest(item, start, math.inf if last else stop) for _, item in series)
        rows.append(Row(f"{clock(start)} to {clock(stop)}", values, ", ".join(numbers) or "no"))
    return tuple(rows)


def _highest(series: Series, start: float, stop: float) -> str:
    first = bisect.bisect_left(series.times, start)
    after = bisect.bisect_left(series.times, stop)
    values = [value for value in series.values[first:after] if math.isfinite(value)]
    return percent(max(values)) if values else "not judged"


def _summary(series: Sequence[tuple[str, Series]], suspect: Iterable[Span], end: float) -> str:
    spans = _union(suspect)
    parts = []
    for name, item in series:
        judged = [(v, t) for t, v in zip(item.times, item.values, strict=True) if math.isfinite(v)]
        if judged:
            value, time = max(judged)
            parts.append(f"{name}: highest {percent(value)} at {clock(time)}.")
    shown = ", ".join(f"{clock(span.start)} to {clock(span.end)}" for span in spans[:12])
    more = f" and {len(spans) - 12} more" if len(spans) > 12 else ""
    parts.append(f"Suspect: {shown}{more}." if spans else "No stretch is marked as suspect.")
    return f"From 0:00.0 to {clock(end)}. " + " ".join(parts)
