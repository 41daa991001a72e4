from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

import made_scores as made
from unmask import metrics
from unmask.bench import statistics


def test_interval_draws_whole_groups() -> None:
    values = np.array([1.0] * 50 + [0.0] * 50)

    def mean(index: statistics.Index) -> float:
        return float(values[index].mean())

    alone = statistics.interval(mean, [str(i) for i in range(100)])
    assert 0.35 < alone[0] < 0.5 < alone[1] < 0.65
    assert statistics.interval(mean, ["a"] * 50 + ["b"] * 50) == (0.0, 1.0)


def test_the_fast_interval_of_an_auc_is_the_general_one() -> None:
    labels, scores = made.scores(3, 60, 60)
    scores = np.round(scores, 1)  # ties
    groups = [str(i // 3) for i in range(120)]
    slow = statistics.interval(lambda i: metrics.auc(labels[i], scores[i]), groups, 500, seed=1)
    fast = statistics.auc_interval(labels, scores, groups, 500, seed=2)
    assert fast == pytest.approx(slow, abs=0.02)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """AUC of N(1, 1) against N(0, 1) is Φ(1/√2); 95 % intervals of 100 draws of 4 a group."""
    truth, held = float(stats.norm.cdf(1 / np.sqrt(2))), 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = np.repeat([0, 1], 80)
        scores = rng.normal(labels, 1.0)
        low, high = statistics.auc_interval(labels, scores, [str(i) for i in range(160)], 200)
        held += low <= truth <= high
    assert 88 <= held <= 100


def test_delong_by_the_definition() -> None:
    labels, first = made.scores(5, 40, 30)
    second = first + np.random.default_rng(0).normal(0, 1, 70)
    found = statistics.delong(labels, first, second)
    assert found.first == pytest.approx(roc_auc_score(labels, first))
    assert found.second == pytest.approx(roc_auc_score(labels, second))
    # structural components, pair by pair (DeLong et al. 1988)
    v10, v01 = [], []
    for scores in (first, second):
        wins = (scores[labels == 1][:, None] > scores[labels == 0][None]).astype(float)
        v10.append(wins.mean(axis=1))
        v01.append(wins.mean(axis=0))
    cov = np.cov(v10) / 30 + np.cov(v01) / 40
    error = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    p = 2 * stats.norm.sf(abs(found.value) / error)
    assert found.p == pytest.approx(p)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error)


def test_delong_of_one_detector_with_itself() -> None:
    labels, scores = made.scores(5, 40, 30)
    found = statistics.delong(labels, scores, scores)
    assert (found.value, found.p) == (0, 1)


def test_mcnemar_by_hand() -> None:
    first = np.array([True] * 9 + [False] * 1 + [True] * 5)
    second = np.array([False] * 9 + [True] * 1 + [True] * 5)
    found = statistics.mcnemar(first, second)
    # ten disagreements, nine one way: 2 · (1 + 10) / 2^10
    assert found.p == pytest.approx(22 / 1024)
    assert found.first == pytest.approx(14 / 15)
    assert statistics.mcnemar(first, first).p == 1


def test_paired_bootstrap_sees_a_difference_and_no_more() -> None:
    labels, good = made.scores(5, 100, 100)
    rng = np.random.default_rng(0)
    poor = good + rng.normal(0, 3, 200)
    groups = [str(i) for i in range(200)]

    def figure(scores: np.ndarray) -> statistics.Figure:
        return lambda index: metrics.auc(labels[index], scores[index])

    apart = statistics.paired_bootstrap(figure(good), figure(poor), groups, 300)
    assert apart.low > 0
    assert apart.p < 0.02
    same = statistics.paired_bootstrap(figure(good), figure(good), groups, 100)
    assert (same.low, same.high, same.p) == (0, 0, 1)
