"""Detectors and comparisons beside the rule: a shared rate, and the mean of likelihood ratios."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rule import NOTED, RARE, fused, joined, ours, verdict

from unmask.decision.fusion import mean_ratio
from unmask.types import Claim, Label, Vote


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
    merged = np.array([mean_ratio([a, b]) for a, b in zip(one, two, strict=True)])
    summed = one + two
    assert np.mean(np.exp(merged)) == pytest.approx(1, abs=0.05)
    assert np.mean(np.exp(summed)) > 1.5  # adding them would claim too much


def test_a_detector_that_joins_shares_the_rate() -> None:
    """Alone it has the whole rate; beside our rule half of it (Bonferroni)."""
    assert verdict(joined(0.009)).label is Label.SYNTHETIC
    found, votes = fused(ours(-4.0), joined(0.009))
    assert (found.label, found.decided_by) == (Label.INCONCLUSIVE, 1)
    assert found.reason.startswith("Look here: the whole picture looks generated, says guest")
    assert votes[1].vote is Vote.UNDECIDED
    found, votes = fused(ours(-4.0), joined(0.005))
    assert (found.label, found.decided_by) == (Label.SYNTHETIC, 1)
    assert found.reason == "The whole picture looks generated, says guest."
    assert [one.vote for one in votes] == [Vote.CLEAR, Vote.FORGED]
    beside = verdict(ours(RARE + 0.1), joined(0.5))
    assert beside.label is Label.INCONCLUSIVE
    assert verdict(ours(RARE + math.log(2) + 0.01), joined(0.5)).label is Label.MANIPULATED


@pytest.mark.parametrize("claim", Claim)
def test_whatever_a_detector_that_joins_claims_is_said(claim: Claim) -> None:
    found = verdict(joined(0.001, claim=claim))
    assert found.label is claim.makes
    assert found.reason.endswith(".")


def test_the_mark_is_shared_as_the_rate_is() -> None:
    """What does not make a file inconclusive is not undecided in it either."""
    for findings in ((ours(-4.0), joined(0.03)), (ours(NOTED + 0.1), joined(0.5))):
        found, votes = fused(*findings)
        assert found.label is Label.NO_SIGN
        assert [one.vote for one in votes] == [Vote.CLEAR, Vote.CLEAR]


def test_two_findings_of_one_detector_are_one_voice() -> None:
    twice = (joined(0.5, subject="face 1"), joined(0.005, subject="face 2"))
    assert verdict(ours(-4.0), *twice).label is Label.SYNTHETIC
    others = (joined(0.5, "one"), joined(0.005, "other"))
    assert verdict(ours(-4.0), *others).label is not Label.SYNTHETIC


def test_the_ratio_of_a_file_is_the_mean_of_the_rules_and_the_guests() -> None:
    alone = verdict(ours(4.0)).llr
    assert alone == pytest.approx(1.0)
    both = verdict(ours(4.0), joined(0.5, llr=3.0))
    assert both.llr == pytest.approx(mean_ratio([1.0, 3.0]))


def test_a_score_that_nobody_calibrated_draws_no_verdict_and_takes_no_share() -> None:
    found = verdict(joined(None))
    assert (found.label, found.surprise, found.llr) == (Label.INCONCLUSIVE, None, None)
    assert "nobody has calibrated it" in found.reason
    assert verdict(ours(RARE + 0.1), joined(None)) == verdict(ours(RARE + 0.1))
    assert verdict(ours(-4.0), joined(None)).label is Label.NO_SIGN


def test_a_voter_by_its_vote_alone_decides_by_it() -> None:
    """A comparison with a person has voted at its own share of the rate."""
    person = joined(None, "face_identity", claim=Claim.FACE_IDENTITY, llr=2.0, reason="Too alike.")
    found = verdict(ours(-4.0), replace(person, vote=Vote.FORGED))
    assert (found.label, found.decided_by) == (Label.MANIPULATED, 1)
    assert found.reason == "A face is not that of the reference person."
    found = verdict(ours(-4.0), replace(person, vote=Vote.UNDECIDED))
    assert (found.label, found.reason) == (Label.INCONCLUSIVE, "Too alike.")
    assert verdict(ours(-4.0), replace(person, vote=Vote.CLEAR)).label is Label.NO_SIGN
