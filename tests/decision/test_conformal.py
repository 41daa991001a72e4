"""Rates that hold, and files that are too few to vouch for them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_rows import GROUPS
from scipy import stats

from unmask.decision.binomial import least_significant, power, upper_tail, upper_tail_fitted
from unmask.decision.conformal import ENOUGH, Grouped, needed, p_value, p_values, threshold
from unmask.errors import DataError


@pytest.mark.parametrize(("alpha", "files"), [(0.05, 19), (0.01, 99), (0.001, 999), (0.5, 1)])
def test_a_rate_needs_so_many_files_and_not_one_less(alpha: float, files: int) -> None:
    assert needed(alpha) == files
    assert threshold(np.arange(files), alpha) == files - 1
    with pytest.raises(DataError, match=f"at least {files}"):
        threshold(np.arange(files - 1), alpha)


def test_over_the_threshold_and_under_the_rate_are_the_same() -> None:
    scores = np.round(np.random.default_rng(0).normal(size=333), 1)
    for alpha in (0.003, 0.01, 0.05, 0.2):
        limit = threshold(scores, alpha)
        for score in np.unique(scores) + 0.05:
            assert (score > limit) == (p_value(scores, score) <= alpha)


def test_ties_accuse_nobody() -> None:
    assert p_value([1.0] * 99, 1.0) == 1.0
    assert p_value([1.0] * 99, 1.1) == 0.01


def test_the_flagged_share_is_within_bounds_over_200_splits() -> None:
    rng = np.random.default_rng(5)
    groups = np.array(GROUPS, object)[np.arange(400) % 3]
    # Groups differ, and one has heavier tails, as sources do.
    scores = rng.gumbel(size=400) * np.array([1.0, 1.0, 1.5])[np.arange(400) % 3]
    flagged: dict[float, list[float]] = {0.01: [], 0.02: [], 0.05: []}
    for _ in range(200):
        order = rng.permutation(400)
        old, new = order[:300], order[300:]
        fitted = Grouped.of(scores[old], groups[old].tolist(), 2.0)
        p = fitted.p(scores[new])
        for alpha, shares in flagged.items():
            assert ((scores[new] > fitted.threshold(alpha)) == (p <= alpha)).all()
            shares.append(float((p <= alpha).mean()))
    for alpha, shares in flagged.items():
        files = 100 * len(shares)
        assert np.mean(shares) <= stats.binom.ppf(0.999, files, alpha) / files
        assert np.mean(shares) >= alpha / 3
        # Each split: what the luck of 300 calibration files allows.
        above = 301 - math.ceil(301 * (1 - alpha))
        most = stats.betabinom.ppf(0.99, 100, above, 301 - above) / 100
        assert np.mean(np.array(shares) > most) <= 0.03


def test_a_bad_group_is_held_to_the_factor() -> None:
    rng = np.random.default_rng(2)
    names = ["plain"] * 900 + ["loud"] * 100
    scores = np.concatenate([rng.normal(size=900), rng.normal(2.5, 1, 100)])
    held, pooled = Grouped.of(scores, names, 2.0), Grouped.of(scores, ["all"] * 1000, 2.0)
    new = rng.normal(2.5, 1, 4000)
    assert (pooled.p(new) <= 0.05).mean() > 0.25
    assert (held.p(new) <= 0.05).mean() < 0.15
    loud = np.sort(scores[900:])
    assert held.threshold(0.05) == threshold(loud, 0.1)


def test_a_group_that_cannot_vouch_holds_its_highest_and_small_ones_do_not_count() -> None:
    scores = np.concatenate([np.arange(1000) / 1000, np.full(ENOUGH, 5.0)])
    fitted = Grouped.of(scores, ["big"] * 1000 + ["other"] * ENOUGH, 2.0)
    assert fitted.threshold(0.01) == 5.0
    few = Grouped.of(scores[:-1], ["big"] * 1000 + ["other"] * (ENOUGH - 1), 2.0)
    assert len(few.parts) == 1


def test_more_strict_rates_have_no_lower_thresholds() -> None:
    rng = np.random.default_rng(3)
    fitted = Grouped.of(rng.normal(size=500), rng.choice(["a", "b", "c", "d"], 500).tolist(), 2.0)
    limits = [fitted.threshold(alpha) for alpha in (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)]
    assert limits == sorted(limits)


def test_p_values_of_many_are_those_of_each() -> None:
    rng = np.random.default_rng(4)
    scores, new = np.sort(rng.integers(0, 9, 50).astype(float)), rng.integers(-1, 10, 20)
    expected = [(1 + (scores >= one).sum()) / 51 for one in new]
    assert p_values(scores, new).tolist() == expected


@pytest.mark.parametrize(("hits", "of", "rate"), [(0, 10, 0.1), (34, 500, 0.05), (7, 7, 0.3)])
def test_exact_tails_agree_with_another_library(hits: int, of: int, rate: float) -> None:
    assert upper_tail(hits, of, rate) == pytest.approx(stats.binom.sf(hits - 1, of, rate), 1e-9)
    fitted = stats.betabinom.sf(hits - 1, of, 5, 95)
    assert upper_tail_fitted(hits, of, 5, 99) == pytest.approx(fitted, 1e-8)


def test_500_files_notice_a_doubled_rate_at_five_percent_and_half_the_time_at_one() -> None:
    assert least_significant(500, 0.05) == stats.binom.ppf(0.95, 500, 0.05) + 1
    assert power(500, 0.05, 0.1) > 0.99
    assert 0.5 < power(500, 0.01, 0.02) < 0.6
