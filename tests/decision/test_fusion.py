"""One verdict a file, the finding that made it, and votes that agree with it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rule import NOTED, RARE, fused, joined, ours, rule, verdict

from unmask.types import FLAGGED, Claim, Finding, Kind, Label, Vote

EDITED, GENERATED = Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED
FACE = Claim.FACE_MANIPULATED
SCORES = st.floats(-9, 9)


def fact(bearing: Label | None, **more: object) -> Finding:
    plain = Finding("p", Claim.METADATA, "The file says so.", kind="fact", bearing=bearing)
    return replace(plain, **more)  # type: ignore[arg-type]


@given(SCORES, st.sampled_from([0.05, 0.01, 0.001]))
def test_a_file_is_flagged_where_it_is_rarer_than_the_rate(score: float, fpr: float) -> None:
    found = verdict(ours(score), fpr=fpr)
    assert found.surprise is not None
    assert (found.label is Label.MANIPULATED) == (found.surprise > -math.log(fpr))
    assert (found.label is Label.NO_SIGN) == (found.surprise <= NOTED)
    assert found.fpr == fpr
    if score >= 0.5:
        assert found.surprise == pytest.approx(score)


@given(SCORES, st.floats(1e-3, 5))
def test_more_suspect_is_more_surprising(score: float, more: float) -> None:
    low, high = verdict(ours(score)).surprise, verdict(ours(score + more)).surprise
    assert low is not None
    assert high is not None
    assert low < high


@given(st.lists(SCORES, min_size=2, max_size=2), st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_what_is_flagged_at_a_rate_is_flagged_at_every_higher_one(
    scores: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    findings = (ours(scores[0]), ours(scores[1], GENERATED))
    if verdict(*findings, fpr=low).label in FLAGGED:
        assert verdict(*findings, fpr=high).label in FLAGGED


@pytest.mark.parametrize(
    ("claim", "label", "words", "kind"),
    [
        (FACE, Label.MANIPULATED, "A face looks manipulated.", Kind.IMAGE),
        (EDITED, Label.MANIPULATED, "A part of the picture looks edited.", Kind.IMAGE),
        (GENERATED, Label.SYNTHETIC, "The whole picture looks generated.", Kind.IMAGE),
        (Claim.VOICE_SYNTHETIC, Label.SYNTHETIC, "The voice looks synthetic.", Kind.AUDIO),
        (
            Claim.VOICE_EDITED,
            Label.MANIPULATED,
            "A part of the speech looks replaced.",
            Kind.AUDIO,
        ),
    ],
)
def test_the_driver_names_label_and_reason(
    claim: Claim, label: Label, words: str, kind: Kind
) -> None:
    found = verdict(fact(None), ours(9.0, claim), kind=kind)
    assert (found.label, found.reason, found.decided_by) == (label, words, 1)


@given(st.permutations([(EDITED, 2.0), (GENERATED, 8.0), (FACE, 3.0)]))
def test_the_finding_that_counts_most_decides_wherever_it_stands(
    order: list[tuple[Claim, float]],
) -> None:
    found, votes = fused(*(ours(score, claim) for claim, score in order))
    assert found.decided_by == [claim for claim, _ in order].index(GENERATED)
    assert found.label is Label.SYNTHETIC
    assert votes[found.decided_by].vote is Vote.FORGED


def test_a_fact_that_errs_at_a_known_rate_counts_and_is_named_where_it_counts_most() -> None:
    saved = fact(None, claim=Claim.COMPRESSION, sign="saved-differently")
    by = rule(together=1.0, facts=True)
    without, with_it = verdict(ours(1.0), by=by), verdict(ours(1.0), saved, by=by)
    assert without.surprise is not None
    assert with_it.surprise is not None
    assert without.surprise < with_it.surprise
    found = verdict(ours(-9.0), saved, by=by, fpr=0.2)
    assert (found.label, found.decided_by) == (Label.MANIPULATED, 1)
    assert found.reason == "A part was saved differently from the rest."


def test_a_fact_alone_is_no_judgement() -> None:
    saved = fact(None, claim=Claim.COMPRESSION, sign="saved-differently")
    found = verdict(saved, by=rule(together=1.0, facts=True))
    assert (found.label, found.surprise, found.llr) == (Label.INCONCLUSIVE, None, None)


def test_several_weak_signs_add_up_only_by_together() -> None:
    """No sign is enough alone; only a rule in which they count together flags the file."""
    weak = (ours(1.8), ours(1.8, GENERATED), ours(1.8, FACE))
    assert verdict(*weak).label is Label.NO_SIGN
    assert verdict(*weak, by=rule(together=0.5)).label in FLAGGED
    assert verdict(weak[0], by=rule(together=0.5)).label is not Label.MANIPULATED


def test_a_face_among_many_counts_less() -> None:
    """The more faces there are, the higher the highest of authentic ones."""
    score = RARE + 0.1
    assert verdict(ours(score, FACE)).label is Label.MANIPULATED
    crowd = [ours(score, FACE), *(ours(-9.0, FACE) for _ in range(3))]
    found, votes = fused(*crowd)
    assert found.label is Label.INCONCLUSIVE
    assert found.surprise == pytest.approx(score - math.log(4))
    assert found.decided_by == 0
    assert [one.vote for one in votes] == [Vote.UNDECIDED] + [Vote.CLEAR] * 3


def test_over_the_mark_and_under_the_rate_it_says_where_to_look() -> None:
    found, (one,) = fused(ours((NOTED + RARE) / 2))
    assert (found.label, found.decided_by) == (Label.INCONCLUSIVE, 0)
    assert found.reason.startswith("Look here: a part of the picture looks edited")
    assert one.vote is Vote.UNDECIDED
    assert one.where.boxes


@pytest.mark.parametrize("label", FLAGGED)
def test_a_fact_that_settles_it_is_not_weighed(label: Label) -> None:
    found, votes = fused(ours(-4.0), fact(label))
    assert (found.label, found.reason, found.decided_by) == (label, "The file says so.", 1)
    assert found.llr is None
    assert found.probability is None
    assert votes[0].vote is Vote.CLEAR


def test_a_fact_settles_it_against_any_score_and_any_doubt() -> None:
    found = verdict(fact(Label.INCONCLUSIVE), ours(9.0), fact(Label.SYNTHETIC))
    assert (found.label, found.decided_by) == (Label.SYNTHETIC, 2)


def test_a_fact_that_raises_a_doubt_keeps_a_file_from_being_cleared_and_does_no_more() -> None:
    doubt = fact(Label.INCONCLUSIVE)
    kept = verdict(ours(-4.0), doubt)
    assert (kept.label, kept.reason, kept.decided_by) == (
        Label.INCONCLUSIVE,
        "The file says so.",
        1,
    )
    assert kept.llr == verdict(ours(-4.0)).llr
    assert verdict(ours(9.0), doubt).label is Label.MANIPULATED


def test_a_fact_that_bears_on_nothing_changes_nothing() -> None:
    assert verdict(ours(-4.0), fact(None)) == verdict(ours(-4.0))


def test_a_withheld_score_counts_nowhere_and_keeps_a_file_from_being_cleared() -> None:
    away = ours(9.0, GENERATED, withheld="the picture is covered by a pattern")
    found, votes = fused(ours(-4.0), away)
    assert (found.label, found.decided_by) == (Label.INCONCLUSIVE, 1)
    assert (
        found.reason == "A score does not count here, because the picture is covered by a pattern."
    )
    assert found.surprise == verdict(ours(-4.0)).surprise
    assert found.llr == verdict(ours(-4.0)).llr
    assert [one.vote for one in votes] == [Vote.CLEAR, Vote.UNDECIDED]
    assert verdict(ours(9.0), away).label is Label.MANIPULATED


def test_nothing_but_withheld_scores_has_no_number() -> None:
    found = verdict(ours(9.0, withheld="the picture is covered by a pattern"))
    assert (found.label, found.surprise, found.llr) == (Label.INCONCLUSIVE, None, None)


def test_nothing_judged_is_inconclusive_without_a_number() -> None:
    found = verdict()
    assert found.label is Label.INCONCLUSIVE
    assert (found.llr, found.probability, found.surprise, found.basis) == (None, None, None, "")


RATES = st.floats(0, 9).map(lambda surprise: math.exp(-surprise))
FINDINGS = st.lists(
    st.one_of(
        st.builds(ours, SCORES, st.sampled_from([FACE, EDITED, GENERATED])),
        st.builds(joined, RATES, st.sampled_from(["one", "other"])),
        st.builds(ours, SCORES, withheld=st.just("it does not count")),
        st.just(joined(None)),
        st.builds(fact, st.sampled_from([None, *Label])).filter(
            lambda one: one.bearing is not Label.NO_SIGN
        ),
    ),
    max_size=5,
)


@given(FINDINGS, st.sampled_from([0.2, 0.05, 0.01, 0.001]), st.sampled_from([0.0, 0.5]))
def test_votes_agree_with_the_verdict(findings: list[Finding], fpr: float, together: float) -> None:
    found, votes = fused(*findings, fpr=fpr, by=rule(together))
    cast = [one.vote for one in votes if one.vote is not None]
    if found.label not in FLAGGED:
        assert Vote.FORGED not in cast
    if found.label is Label.NO_SIGN:
        assert set(cast) <= {Vote.CLEAR}
    if found.label in FLAGGED:
        assert found.decided_by is not None
        decided = votes[found.decided_by]
        assert decided.vote is Vote.FORGED or decided.bearing is found.label
    for before, after in zip(findings, votes, strict=True):
        assert (after.score, after.rate) == (before.score, before.rate)
        assert (after.vote is None) == (before.vote is None)
        if after.vote is not None:
            assert after.reason == f"It is {after.vote}."
            assert not (after.vote is Vote.CLEAR and after.where.boxes)


def test_the_prior_moves_the_probability_and_not_the_ratio() -> None:
    low, high = verdict(ours(1.0), prior=0.01), verdict(ours(1.0), prior=0.5)
    assert low.llr == high.llr
    assert low.probability is not None
    assert high.probability is not None
    assert low.probability < high.probability


def test_the_basis_says_on_what_the_rate_was_held() -> None:
    basis = verdict(ours(1.0)).basis
    assert "1,000 authentic files of 3 sources (made files; 2026-01-01)" in basis
    assert "2 times" in basis
