"""What a network says of every moment becomes stretches along the whole recording."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.analyzers.moments import Moments, spans
from unmask.types import Span


def part(values: list[float], start: float, end: float) -> Moments:
    return Moments(np.asarray(values, np.float32), start, end, 0.5)


def test_a_run_goes_on_from_one_part_into_the_next() -> None:
    parts = [part([-1, 1, -1, 1], 0, 2), part([1, 1, -1, -1], 2, 4)]
    assert spans(parts) == (Span(0.5, 1.0), Span(1.5, 3.0))


def test_what_was_filled_up_is_no_place() -> None:
    """The last part is 1.2 seconds long; what comes after is its own beginning again."""
    assert spans([part([-1, 1, 1, 1], 8, 9.2)]) == (Span(8.5, 9.2),)
    assert spans([part([-1, -1], 0, 1)]) == ()


@pytest.mark.parametrize("level", [-0.01, 0.0])
def test_even_odds_are_no_find(level: float) -> None:
    assert spans([part([level], 0, 0.5)]) == ()
