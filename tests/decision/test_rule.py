"""The fused score, its thresholds and its likelihood ratio, against numbers made by hand."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rule import line, part, rule

from unmask.bench.whole.levels import ALLOWED
from unmask.decision.evidence import (
    COPIED,
    EDITED,
    ENCODED,
    ENCODED_FACE,
    FACE,
    GENERATED,
    LAID,
    PARTS,
    SAVED,
    THUMBNAIL,
    VOICE,
    Evidence,
    Situation,
)
from unmask.decision.rule import PATH, Rule, read_rule, shipped_rule
from unmask.errors import ModelError

TERMS = st.dictionaries(st.sampled_from([FACE, EDITED, GENERATED]), st.floats(-15, 15), min_size=1)
TOGETHER = st.sampled_from([0.0, 0.25, 1.0])


def test_a_term_is_linear_between_its_points_and_held_beyond_them() -> None:
    term = line((-1.0, -3.0), (0.5, 0.0), (2.5, 4.0))
    assert [term.of(value) for value in (-9.0, -1.0, 0.0, 0.5, 1.0, 9.0)] == pytest.approx(
        [-3.0, -3.0, -1.0, 0.0, 1.0, 4.0]
    )
    assert term.lowest == -3.0
    assert [line((0.3, 2.0)).of(value) for value in (-1.0, 0.3, 1.0)] == [2.0, 2.0, 2.0]


def test_the_score_is_that_of_the_harmonic_mean() -> None:
    terms = {EDITED: 1.0, GENERATED: 3.0}
    signs = len(part(Situation.PICTURE).signs)
    mixed = math.log((math.exp(1) + math.exp(3)) / signs)
    assert part(Situation.PICTURE).score(terms) == pytest.approx(mixed)
    adding = part(Situation.PICTURE, together=0.5)
    assert adding.score(terms) == pytest.approx(mixed + 0.5 * 4)
    below = math.log((math.exp(-1) + math.exp(3)) / signs)
    assert adding.score(terms | {EDITED: -1.0}) == pytest.approx(below + 0.5 * 3)


@given(st.floats(-15, 15), st.sampled_from([FACE, EDITED, VOICE]))
def test_what_cannot_speak_takes_nothing(value: float, sign: str) -> None:
    own = part(Situation.CLIP)
    terms = own.terms(Evidence(Situation.CLIP, {sign: value}))
    assert terms == {sign: pytest.approx(value)}
    assert own.score(terms) == pytest.approx(value - math.log(len(own.signs)))


@given(TERMS, st.data())
def test_what_is_left_out_by_choice_cannot_raise_the_score(
    terms: dict[str, float], data: st.DataObject
) -> None:
    own = part(Situation.PICTURE)
    kept = data.draw(st.lists(st.sampled_from(sorted(terms)), min_size=1, unique=True))
    assert own.score({name: terms[name] for name in kept}) <= own.score(terms) + 1e-9


def test_a_fact_that_is_missing_was_looked_for_and_is_not_there() -> None:
    own = part(Situation.PICTURE, facts=True)
    terms = own.terms(Evidence(Situation.PICTURE, {EDITED: 2.0, SAVED: 1.0}))
    assert terms == {EDITED: 2.0, SAVED: 1.5, LAID: 0.0, THUMBNAIL: 0.0, COPIED: 0.0}


@given(TERMS)
def test_several_weak_signs_add_up_by_together_alone(terms: dict[str, float]) -> None:
    strongest = max(terms.values())
    apart = part(Situation.PICTURE).score(terms)
    every = math.log(len(part(Situation.PICTURE).signs))
    assert strongest - every - 1e-9 <= apart <= strongest - every + math.log(len(terms)) + 1e-9
    raised = sum(max(0.0, value) for value in terms.values())
    assert part(Situation.PICTURE, 0.5).score(terms) == pytest.approx(apart + 0.5 * raised)


@given(TERMS, TOGETHER, st.floats(0.01, 5), st.data())
def test_a_more_suspect_sign_makes_a_more_suspect_file(
    terms: dict[str, float], together: float, more: float, data: st.DataObject
) -> None:
    own = part(Situation.PICTURE, together)
    name = data.draw(st.sampled_from(sorted(terms)))
    assert own.score(terms | {name: terms[name] + more}) >= own.score(terms)


def test_faces_and_stretches_share_the_suspicion() -> None:
    own = part(Situation.CLIP)
    signs = {FACE: 2.0, VOICE: 1.0, PARTS: 3.0}
    one = own.terms(Evidence(Situation.CLIP, signs, faces=1))
    assert one == signs
    many = own.terms(Evidence(Situation.CLIP, signs, faces=4, quality={"tries": 8.0}))
    assert many[FACE] == pytest.approx(2 - math.log(4))
    assert many[PARTS] == pytest.approx(3 - math.log(8))
    assert many[VOICE] == 1.0


def test_a_sign_that_the_rule_does_not_know_has_no_term() -> None:
    own = part(Situation.PICTURE)
    known = own.model_copy(update={"signs": {EDITED: own.signs[EDITED]}})
    assert known.terms(Evidence(Situation.PICTURE, {EDITED: 1.0, VOICE: 9.0})) == {EDITED: 1.0}


@given(st.floats(-7.2, 7.2), st.floats(1e-3, 7.2))  # a term lies within 7.2 of 0
def test_the_surprise_rises_strictly_with_the_score(score: float, more: float) -> None:
    for own in (part(Situation.PICTURE), *shipped_rule().rule):
        assert 0 < own.surprise(score) < own.surprise(score + more)


def test_the_surprise_goes_through_the_levels_and_on_as_an_exponential_tail() -> None:
    for own in shipped_rule().rule:
        for level in own.levels:
            assert own.surprise(level.score) == pytest.approx(-math.log(level.rate))
        before, last = own.levels[-2:]
        step = last.score - before.score
        fall = math.log(before.rate / last.rate)
        assert own.surprise(last.score + 2 * step) == pytest.approx(-math.log(last.rate) + 2 * fall)


def test_the_ratio_of_a_file_is_linear_in_its_surprise_and_held_at_both_ends() -> None:
    own = part(Situation.PICTURE)
    fall = math.log(len(own.signs))
    surprises = (-9.0, 1.0, 2.5, 4.0, 5.5, 40.0)
    assert [own.llr(surprise - fall) for surprise in surprises] == pytest.approx(
        [-1.0, -1.0, 0.0, 1.0, 2.5, 3.0]
    )


def test_the_shipped_rule_knows_every_situation_and_is_in_order() -> None:
    shipped = shipped_rule()
    looked = {ENCODED: 0.0, ENCODED_FACE: 0.0}
    plain = [Evidence(situation, {}) for situation in Situation]
    seen = [Evidence(one.situation, looked) for one in plain if one.situation != "recording"]
    for evidence in (*plain, *seen):
        own = shipped.of(evidence)
        assert own.encoder is (evidence in seen)
        assert bool(set(own.signs) & set(looked)) is own.encoder
        assert own.floor == pytest.approx(1 / (own.reals + 1) / ALLOWED, abs=1e-6)
        for left, right in itertools.pairwise(own.levels):
            assert left.rate > right.rate
            assert left.score < right.score
        for term in own.signs.values():
            for low, high in itertools.pairwise(term.points):
                assert low.value < high.value
                assert low.term < high.term
        for low, high in itertools.pairwise(own.ratios):
            assert low.surprise < high.surprise
            assert low.llr <= high.llr


def test_a_situation_that_was_not_fitted_is_said() -> None:
    lacking = Rule(rule=[one for one in rule().rule if one.situation is not Situation.CLIP])
    with pytest.raises(ModelError, match="'clip-sound'"):
        lacking.of(Evidence(Situation.CLIP, {}))


def test_a_rule_that_is_missing_or_damaged_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    with pytest.raises(ModelError):
        read_rule(path)
    text = PATH.read_text(encoding="utf-8")
    for damaged in (text[: len(text) // 2], text.replace("together", "apart")):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(ModelError) as raised:
            read_rule(path)
        assert "\n" not in str(raised.value)
