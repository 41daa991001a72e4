"""Under a user's calibration too, votes agree with the verdict and no accuser is passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rows import made, rows
from made_rule import joined, media, ours

from unmask.decision.apply import apply
from unmask.decision.calibration import Calibration
from unmask.decision.fusion import fuse
from unmask.types import FLAGGED, Claim, Finding, Label, Verdict, Vote

GUESTS = ("one", "other")
PERSON = replace(
    joined(None, "face_identity", claim=Claim.FACE_IDENTITY, llr=2.0, reason="Too alike."),
    sayings=(),
)


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    return made(tmp_path_factory.mktemp("own") / "own.toml", rows(400, joined=GUESTS))


def judged(
    calibration: Calibration, findings: list[Finding], fpr: float = 0.01
) -> tuple[Verdict, tuple[Finding, ...]]:
    base, settled = fuse(media(), findings, fpr, 0.5)
    return apply(calibration, media(), settled, base)


def guest(score: float, name: str) -> Finding:
    return joined(0.5, name, score=score)


FINDINGS = st.lists(
    st.one_of(
        st.builds(ours, st.floats(-6, 9), st.sampled_from([Claim.PICTURE_EDITED])),
        st.builds(ours, st.floats(-6, 9), st.sampled_from([Claim.PICTURE_GENERATED])),
        st.builds(guest, st.floats(-1, 4), st.sampled_from(GUESTS)),
        st.builds(ours, st.floats(-6, 9), withheld=st.just("it does not count")),
        st.sampled_from([replace(PERSON, vote=vote) for vote in Vote]),
    ),
    max_size=5,
)


@given(FINDINGS, st.sampled_from([0.2, 0.05, 0.01]))
def test_votes_agree_with_the_verdict(
    calibration: Calibration, findings: list[Finding], fpr: float
) -> None:
    verdict, votes = judged(calibration, findings, fpr)
    cast = [one.vote for one in votes if one.vote is not None]
    if verdict.label not in FLAGGED:
        assert Vote.FORGED not in cast
    if verdict.label is Label.NO_SIGN:
        assert set(cast) <= {Vote.CLEAR}
    if verdict.label in FLAGGED:
        assert verdict.decided_by is not None
        assert votes[verdict.decided_by].vote is Vote.FORGED


def test_a_guest_that_is_odd_alone_does_not_point_to_forgery_in_a_cleared_file(
    calibration: Calibration,
) -> None:
    """Of several voters one is often among the highest: what counts is all together."""
    odd = sorted(row.joined["one"] for row in rows(400, joined=GUESTS))[-3]
    verdict, votes = judged(calibration, [ours(-3.0), guest(odd, "one"), guest(-1.0, "other")])
    assert votes[1].rate is not None
    assert votes[1].rate <= 0.01
    assert verdict.label not in FLAGGED
    assert votes[1].vote is not Vote.FORGED


def test_a_person_accuses_beside_a_score_that_the_calibration_forgives(
    calibration: Calibration,
) -> None:
    """The shipped rule names its own score as the driver; by the calibration that is usual."""
    strong = ours(20.0)
    base, settled = fuse(media(), [strong, replace(PERSON, vote=Vote.FORGED)], 0.01, 0.5)
    assert base.decided_by == 0
    usual = replace(base, surprise=0.5)
    verdict, votes = apply(calibration, media(), settled, usual)
    assert (verdict.label, verdict.decided_by) == (Label.MANIPULATED, 1)
    assert verdict.reason == "A face is not that of the reference person."
    assert votes[1].vote is Vote.FORGED


def test_an_undecided_person_keeps_a_file_from_being_cleared(calibration: Calibration) -> None:
    findings = [ours(-3.0), replace(PERSON, vote=Vote.UNDECIDED)]
    verdict, _ = judged(calibration, findings)
    assert (verdict.label, verdict.reason) == (Label.INCONCLUSIVE, "Too alike.")
    clear = [findings[0], replace(PERSON, vote=Vote.CLEAR)]
    assert judged(calibration, clear)[0].label is Label.NO_SIGN
