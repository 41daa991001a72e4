"""Thresholds and rates of an operating table, one the inverse of the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.cards.card import Operating, Threshold
from unmask.types import Vote


def table(*rows: tuple[float, float]) -> Operating:
    return Operating(
        output="score",
        claim="face-manipulated",
        slope=1.0,
        offset=0.0,
        clear=-1.0,
        miss=0.05,
        thresholds=[Threshold(fpr=fpr, score=score) for fpr, score in rows],
        fitted_on="made",
        laundering="none",
        date="2026-01-01",
        reals=100,
        fakes=100,
        groups=2,
    )


RISING = table((0.1, 1.0), (0.01, 3.0), (0.001, 4.0))


@given(st.floats(1e-6, 0.5))
def test_the_rate_of_a_threshold_is_the_rate_it_was_made_for(fpr: float) -> None:
    assert RISING.rate(RISING.threshold(fpr)) == pytest.approx(fpr, rel=1e-6)


def test_the_rate_is_linear_in_its_logarithm_between_the_rows_and_never_over_one() -> None:
    assert RISING.rate(2.0) == pytest.approx(0.1**1.5)
    assert RISING.rate(5.0) == pytest.approx(1e-4)
    assert RISING.rate(-50.0) == 1.0


def test_of_rates_with_one_threshold_the_highest_holds_for_it() -> None:
    tied = table((0.1, 1.0), (0.05, 2.0), (0.01, 2.0))
    assert tied.rate(2.0) == pytest.approx(0.05)
    assert tied.rate(1.0) == pytest.approx(0.1)
    assert tied.rate(2.5) < 0.05
    first = table((0.1, 1.0), (0.05, 1.0), (0.01, 2.0))
    assert first.rate(1.5) == pytest.approx((0.05 * 0.01) ** 0.5)
    level = table((0.1, 1.0), (0.01, 1.0))
    assert (level.rate(1.0), level.rate(1.1)) == (1.0, 0.1)


@given(st.floats(-3, 8), st.sampled_from([0.05, 0.01, 0.001]))
def test_the_vote_agrees_with_the_rate(score: float, fpr: float) -> None:
    forged = RISING.vote(score, fpr) is Vote.FORGED
    rate = RISING.rate(score)
    assert forged == (rate < fpr) or rate == pytest.approx(fpr)
