"""Scores along time: geometry and table."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
import report_samples as samples

from unmask.report.page import ordered
from unmask.report.timeline import LEFT, RIGHT, WIDTH, Timeline, timeline, y_of
from unmask.types import Report, Series, Span, Vote, Where


def made(report: Report) -> Timeline:
    line = timeline(report, ordered(report))
    assert line is not None
    return line


def with_series(*series: Series, vote: Vote = Vote.FORGED, spans: tuple[Span, ...] = ()) -> Report:
    report = samples.audio()
    finding = replace(report.findings[0], series=series, where=Where(spans=spans), vote=vote)
    media = replace(report.media, seconds=10.0)
    return replace(report, media=media, findings=(finding,))


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_report_without_time_has_no_timeline() -> None:
    report = samples.two_faces()
    assert timeline(report, ordered(report)) is None


def test_line_stands_where_time_and_probability_say() -> None:
    line = made(with_series(Series("a", (0.0, 5.0, 10.0), (0.0, 0.5, 1.0))))
    x0, x1 = LEFT, WIDTH - RIGHT
    expected = [(x0, y_of(0)), ((x0 + x1) / 2, y_of(0.5)), (x1, y_of(1))]
    for drawn, wanted in zip(points(line.lines[0].path), expected, strict=True):
        assert drawn == pytest.approx(wanted)


def test_line_breaks_where_nothing_was_judged() -> None:
    values = (0.1, 0.2, math.nan, 0.3, 0.4)
    line = made(with_series(Series("a", (0.0, 1.0, 2.0, 3.0, 4.0), values)))
    assert line.lines[0].path.count("M") == 2
    holes = made(with_series(Series("a", (0.0, 1.0, 2.0, 8.0, 9.0), (0.1,) * 5)))
    assert holes.lines[0].path.count("M") == 2


def test_a_lone_value_is_a_dot() -> None:
    line = made(with_series(Series("a", (3.0,), (0.7,))))
    assert line.lines[0].path == ""
    assert len(line.lines[0].dots) == 1


def test_long_series_are_thinned_and_keep_their_peak() -> None:
    times = tuple(i / 100 for i in range(20_000))
    values = tuple(0.97 if i == 12_345 else 0.1 for i in range(20_000))
    line = made(with_series(Series("a", times, values)))
    drawn = points(line.lines[0].path)
    assert len(drawn) <= 500
    assert min(y for _, y in drawn) == pytest.approx(y_of(0.97), abs=0.1)
    assert "highest 97 % at 2:03.5" in line.summary


def test_only_suspect_spans_are_shaded_and_overlaps_joined() -> None:
    spans = (Span(1.0, 3.0), Span(2.0, 4.0), Span(7.0, 7.0))
    line = made(with_series(spans=spans))
    assert [band.text for band in line.shades] == ["0:01.0 to 0:04.0", "0:07.0 to 0:07.0"]
    assert all(band.width >= 2 for band in line.shades)
    assert len(line.lanes[0].bands) == 3
    clear = made(with_series(spans=spans, vote=Vote.CLEAR))
    assert clear.shades == ()
    assert len(clear.lanes) == 1
    assert "No stretch is marked" in clear.summary


def test_table_says_the_highest_value_and_the_marks() -> None:
    series = Series("a", (0.0, 1.0, 2.0, 9.99), (0.1, 0.9, 0.2, 0.5))
    line = made(with_series(series, spans=(Span(0.5, 3.0),)))
    assert len(line.rows) == 4
    assert [row.values[0] for row in line.rows] == ["90 %", "not judged", "not judged", "50 %"]
    assert [row.marked for row in line.rows] == ["finding 1", "finding 1", "no", "no"]


def test_ticks_are_few_and_round() -> None:
    for seconds in (0.4, 9, 61, 3700, 40_000):
        report = with_series(Series("a", (0.0, seconds), (0.1, 0.2)))
        line = made(replace(report, media=replace(report.media, seconds=seconds)))
        assert 2 <= len(line.ticks) <= 8
        assert line.ticks[0][0] == LEFT
        assert len({text for _, text in line.ticks}) == len(line.ticks)


def test_values_out_of_range_stay_in_the_plot() -> None:
    line = made(with_series(Series("a", (0.0, 99.0), (-3.0, 7.0))))
    assert all(y_of(1) <= y <= y_of(0) for _, y in points(line.lines[0].path))
    assert all(x <= WIDTH - RIGHT for x, _ in points(line.lines[0].path))
