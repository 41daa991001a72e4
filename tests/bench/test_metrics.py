from __future__ import annotations

import numpy as np
import pytest

from unmask.bench import metrics
from unmask.bench.statistics import mean_interval

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SCORES = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.7, 0.9, 1.0])


def test_auc_by_hand() -> None:
    # of 16 pairs only 0.8 > 0.4 and 0.8 > 0.7 are in the wrong order
    assert metrics.auc(LABELS, SCORES) == pytest.approx(14 / 16)


def test_eer_by_hand() -> None:
    # at a threshold between 0.7 and 0.8: fpr 1/4, fnr 2/4; between 0.4 and 0.7: fpr 1/4, fnr 1/4
    assert metrics.eer(LABELS, SCORES) == pytest.approx(0.25)


def test_eer_is_interpolated_between_points() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.9, 0.5, 1.0])
    # the ROC goes (0, 1/2) -> (1/3, 1/2) -> (1/3, 1); fnr = fpr at fpr 1/3 on the vertical piece
    assert metrics.eer(labels, scores) == pytest.approx(1 / 3)


def test_tpr_at_fpr_counts_only_allowed_false_alarms() -> None:
    assert metrics.tpr_at_fpr(LABELS, SCORES, 0.01) == pytest.approx(0.5)
    assert metrics.tpr_at_fpr(LABELS, SCORES, 0.25) == pytest.approx(1.0)


def test_ece_by_hand_and_independent_of_class_sizes() -> None:
    llrs = np.array([0.0, 0.0])
    assert metrics.ece(np.array([0, 1]), llrs) == pytest.approx(0.0)
    sure = np.full(2, 10.0)
    assert metrics.ece(np.array([0, 1]), sure) == pytest.approx(0.5, abs=1e-4)
    many = metrics.ece(np.array([0] + [1] * 50), np.full(51, 10.0))
    assert many == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("figure", [metrics.auc, metrics.eer, metrics.tpr_at_fpr, metrics.ece])
def test_one_class_gives_no_number(figure: object) -> None:
    value = figure(np.zeros(3, int), np.arange(3.0))  # type: ignore[operator]
    assert np.isnan(value)


def test_bootstrap_draws_whole_groups() -> None:
    values = np.array([1.0] * 50 + [0.0] * 50)
    alone = mean_interval(values, [str(i) for i in range(100)])
    paired = mean_interval(values, ["a"] * 50 + ["b"] * 50)
    assert paired == (0.0, 1.0)
    assert 0.35 < alone[0] < 0.5 < alone[1] < 0.65
