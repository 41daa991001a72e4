"""Likelihood ratios fitted on one half and stated on the other."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from unmask.decision.ratio import Ratio, _half, _logistic, cllr, ece, fit_ratio
from unmask.metrics.calibration import cllr as bench_cllr
from unmask.metrics.calibration import ece as bench_ece


def made(real: int, fake: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=real), rng.normal(apart, 1, fake)


def groups(count: int, of: int, name: str) -> list[str]:
    return [f"{name}{at % of}" for at in range(count)]


def test_a_fitted_ratio_is_near_the_true_one_and_says_how_it_did() -> None:
    real, fake = made(4000, 2000, 2.0)
    ratio = fit_ratio(real, fake, groups(4000, 10, "r"), groups(2000, 7, "f"))
    assert isinstance(ratio, Ratio)
    # Two normal laws of spread 1, two apart: llr = 2 x - 2.
    assert ratio.slope == pytest.approx(2, abs=0.2)
    assert ratio.offset == pytest.approx(-2, abs=0.25)
    assert ratio.cllr < 0.55
    assert ratio.ece < 0.04
    assert ratio.split == "groups"
    assert ratio.fitted_reals + ratio.tested_reals == 4000
    assert ratio.llr(100.0) == ratio.limit


def test_whole_groups_are_on_one_side_and_both_sides_have_both_classes() -> None:
    names = ["big"] * 60 + groups(60, 4, "r") + groups(40, 3, "f") + ["big"] * 20
    labels = np.repeat([0, 1], [120, 60])
    first, split = _half(names, labels)
    assert split == "groups"
    assert all(len({bool(first[i]) for i, n in enumerate(names) if n == g}) == 1 for g in names)
    for side in (first, ~first):
        assert set(labels[side]) == {0, 1}
        assert 20 <= (labels[side] == 1).sum() <= 40
    assert (_half(names, labels)[0] == first).all()


def test_one_group_is_split_by_file_and_says_so() -> None:
    real, fake = made(100, 80, 2.0)
    ratio = fit_ratio(real, fake, ["all"] * 100, groups(80, 4, "f"))
    assert isinstance(ratio, Ratio)
    assert ratio.split == "files"


def test_without_enough_or_without_sense_there_is_none_and_a_reason() -> None:
    real, fake = made(100, 30, 2.0)
    assert "too few" in str(fit_ratio(real, fake, groups(100, 4, "r"), groups(30, 4, "f")))
    real, fake = made(100, 100, -2.0)
    said = fit_ratio(real, fake, groups(100, 4, "r"), groups(100, 4, "f"))
    assert said == "its values do not rise with forgery"
    tied = fit_ratio(np.ones(100), np.ones(100), groups(100, 4, "r"), groups(100, 4, "f"))
    assert isinstance(tied, str)


@pytest.mark.parametrize("apart", [0.3, 2.0, 8.0])
def test_figures_and_fit_agree_with_other_implementations(apart: float) -> None:
    real, fake = made(300, 150, apart, seed=3)
    values, labels = np.concatenate([real, fake]), np.repeat([0, 1], [300, 150])
    slope, offset = _logistic(values, labels)
    llrs = np.clip(slope * values + offset, -6, 6)
    assert cllr(labels, llrs) == pytest.approx(bench_cllr(labels, llrs))
    assert ece(labels, llrs) == pytest.approx(bench_ece(labels, llrs))
    other = LogisticRegression(C=1e6, max_iter=5000, tol=1e-9, class_weight="balanced")
    other.fit(values[:, None], labels)
    if apart < 8:  # classes that are apart have no finite fit; only the ridges then differ
        assert slope == pytest.approx(other.coef_[0, 0], rel=1e-3)
        assert offset == pytest.approx(other.intercept_[0], rel=1e-3, abs=1e-3)
    assert slope > 0
