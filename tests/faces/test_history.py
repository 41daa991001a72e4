"""A face's past in bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.faces.history import MOST_POINTS, Curve, History, suspect_spans
from unmask.types import Span


@given(st.integers(1, 5000))
def test_curve_is_bounded_and_covers_the_whole_time(count: int) -> None:
    curve = Curve()
    for i in range(count):
        curve.add(i * 0.2, 1.0)
    times, values = curve.points()
    assert len(times) <= MOST_POINTS
    assert times == sorted(times)
    assert values == pytest.approx([1.0] * len(values))
    assert times[-1] >= 0.98 * (count - 1) * 0.2 - curve.stride * 0.2


def test_merged_points_are_means() -> None:
    curve = Curve()
    for i in range(MOST_POINTS):
        curve.add(float(i), float(i))
    times, values = curve.points()
    assert curve.stride == 2
    assert times[:2] == values[:2] == [0.5, 2.5]


def test_spans_hold_what_is_above_the_level() -> None:
    times = [i * 0.2 for i in range(50)]
    values = [3.0 if 10 <= i < 25 else -3.0 for i in range(50)]
    (span,) = suspect_spans(times, values, 0.0, 0.2)
    assert span.start == pytest.approx(2.0, abs=0.21)
    assert span.end == pytest.approx(5.0, abs=0.21)


def test_two_separate_stretches_are_two_spans_and_none_is_none() -> None:
    times = [float(i) for i in range(60)]
    values = [2.0 if i < 10 or i > 40 else -2.0 for i in range(60)]
    assert len(suspect_spans(times, values, 0.0, 1.0)) == 2
    assert suspect_spans(times, [-1.0] * 60, 0.0, 1.0) == ()
    assert suspect_spans([], [], 0.0, 1.0) == ()
    assert suspect_spans([1.0], [5.0], 0.0, 0.2) == (Span(1.0, 1.2),)


def test_commonest_problem_is_told() -> None:
    history = History(1, 0.0, 0.0)
    for why in ("too small (20 pixels)", "too blurred", "too small (22 pixels)"):
        history.leave_out(why)
    assert history.problem() == "too small"
    assert history.problems == {"too small": 2, "too blurred": 1}
