from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.decision.fusion import fuse, mean_ratio
from unmask.types import Claim, Finding, Label, Vote


def finding(llr: float, vote: Vote, claim: Claim = Claim.FACE_MANIPULATED) -> Finding:
    return Finding("a", claim, "because", llr=llr, score=llr, vote=vote)


def test_mean_ratio_by_hand() -> None:
    assert mean_ratio([math.log(4), math.log(2)]) == pytest.approx(math.log(3))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_mean_ratio_lies_between_its_parts(llrs: list[float]) -> None:
    assert min(llrs) - 1e-9 <= mean_ratio(llrs) <= max(llrs) + 1e-9


@given(st.floats(-5, 5), st.integers(2, 10))
def test_the_same_evidence_twice_counts_once(llr: float, times: int) -> None:
    assert mean_ratio([llr] * times) == pytest.approx(llr)


def test_the_mean_keeps_its_promise_under_dependence() -> None:
    """Under authentic files the mean ratio exceeds 1/a with probability at most a (Markov)."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=20000)
    # two detectors with the same noise: ratios of N(1,1) against N(0,1)
    one = z - 0.5
    two = 0.8 * z + 0.6 * rng.normal(size=z.size) - 0.5
    fused = np.array([mean_ratio([a, b]) for a, b in zip(one, two, strict=True)])
    summed = one + two
    assert np.mean(np.exp(fused)) == pytest.approx(1, abs=0.05)
    assert np.mean(np.exp(summed)) > 1.5  # adding them would claim too much


def test_one_forged_vote_decides_and_its_claim_names_the_label() -> None:
    parts = [
        finding(-3, Vote.CLEAR),
        finding(2, Vote.FORGED, Claim.PICTURE_GENERATED),
        finding(1, Vote.FORGED),
    ]
    verdict = fuse(parts, 0.01, 0.5)
    assert verdict.label is Label.SYNTHETIC
    assert "generated" in verdict.reason
    assert "face" in verdict.reason.lower()


def test_all_clear_is_authentic_and_a_doubt_is_inconclusive() -> None:
    clear = finding(-3, Vote.CLEAR)
    assert fuse([clear, clear], 0.01, 0.5).label is Label.NO_SIGN
    assert fuse([clear, finding(0, Vote.UNDECIDED)], 0.01, 0.5).label is Label.INCONCLUSIVE


def test_nothing_judged_is_inconclusive_without_a_number() -> None:
    verdict = fuse([], 0.01, 0.5)
    assert verdict.label is Label.INCONCLUSIVE
    assert verdict.llr is None
    assert verdict.probability is None


def fact(bearing: Label | None) -> Finding:
    return Finding("p", Claim.METADATA, "The file says so.", kind="fact", bearing=bearing)


@pytest.mark.parametrize("label", [Label.MANIPULATED, Label.SYNTHETIC])
def test_a_fact_that_settles_it_is_not_averaged(label: Label) -> None:
    verdict = fuse([finding(-4, Vote.CLEAR), fact(label)], 0.01, 0.5)
    assert verdict.label is label
    assert verdict.reason == "The file says so."
    assert verdict.llr is None
    assert verdict.probability is None


def test_a_fact_that_raises_a_doubt_keeps_a_file_from_being_cleared_and_does_no_more() -> None:
    doubt = fact(Label.INCONCLUSIVE)
    kept = fuse([finding(-4, Vote.CLEAR), doubt], 0.01, 0.5)
    assert kept.label is Label.INCONCLUSIVE
    assert kept.reason == "The file says so."
    assert kept.llr == pytest.approx(-4)
    assert fuse([finding(4, Vote.FORGED), doubt], 0.01, 0.5).label is Label.MANIPULATED


def test_a_fact_that_bears_on_nothing_changes_nothing() -> None:
    votes = [finding(-4, Vote.CLEAR)]
    assert fuse([*votes, fact(None)], 0.01, 0.5) == fuse(votes, 0.01, 0.5)


def test_the_prior_moves_the_probability_and_not_the_ratio() -> None:
    low = fuse([finding(1, Vote.UNDECIDED)], 0.01, 0.01)
    high = fuse([finding(1, Vote.UNDECIDED)], 0.01, 0.5)
    assert low.llr == high.llr
    assert low.probability is not None
    assert high.probability is not None
    assert low.probability < high.probability
