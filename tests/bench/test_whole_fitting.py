"""The rule fitted on whole files keeps its promises on new ones, and is counted rightly."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from made_files import GIVEN, KINDS, SOURCES, drawn, everything, forged, real

from unmask.bench.whole.evaluation import left_out
from unmask.bench.whole.fitting import composed, fit, judged
from unmask.bench.whole.levels import ALLOWED, HELD, WORST
from unmask.bench.whole.power import power_rows
from unmask.bench.whole.rows import FileRow
from unmask.bench.whole.shares import GRADED, Sharing, Terms, searched
from unmask.decision.binomial import upper_tail_fitted
from unmask.decision.conformal import place, threshold
from unmask.decision.evidence import (
    COPIED,
    EDITED,
    ENCODED,
    FACE,
    FACTS,
    GENERATED,
    PARTS,
    VOICE,
    Evidence,
    Situation,
)
from unmask.decision.rule import Rule, SituationRule
from unmask.errors import DataError

REALS, FRESH = 660, 1000
ODD = 1.5
LUCK = 1e-3
"""A rate is held to be exceeded where so many hits are less likely than this."""


@pytest.fixture(scope="module")
def rows() -> list[FileRow]:
    return everything(REALS, 30, odd=ODD)


@pytest.fixture(scope="module")
def rule(rows: list[FileRow]) -> Rule:
    return fit(rows, "2026-01-01", GIVEN)


def scored(row: FileRow, rule: SituationRule) -> float:
    return rule.score(rule.terms(row.evidence()))


def hits(rule: Rule, rows: Sequence[FileRow], rate: float) -> int:
    own = rule.of(rows[0].evidence())
    return sum(own.surprise(scored(row, own)) > -math.log(rate) for row in rows)


def expected(count: int, of: int, rate: float, files: int) -> bool:
    """Whether ``count`` of ``of`` new files may exceed a threshold held on ``files``."""
    above = files + 1 - place(files, rate)
    return upper_tail_fitted(count, of, above, files) > LUCK


def test_no_situation_is_missing_and_each_says_what_it_was_fitted_on(
    rule: Rule, rows: list[FileRow]
) -> None:
    assert {one.situation for one in rule.rule} == set(Situation)
    own = rule.of(Evidence(Situation.PICTURE, {}))
    assert (own.reals, own.fakes, own.sources) == (REALS, 60, 4)
    assert own.fitted_on == "agency, archive, phones, strange"
    assert (own.date, own.worst_source) == ("2026-01-01", WORST)
    assert own.floor == pytest.approx(1 / (REALS + 1) / ALLOWED, abs=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.05, 0.01])
@pytest.mark.parametrize("situation", [Situation.PICTURE, Situation.FACES, Situation.RECORDING])
def test_the_rates_hold_on_new_files(rule: Rule, situation: Situation, rate: float) -> None:
    fresh = list(real(situation, FRESH, seed=1, odd=ODD))
    assert expected(hits(rule, fresh, rate), FRESH, rate, REALS)


def test_the_bound_would_notice_a_rate_that_does_not_hold(rule: Rule) -> None:
    fresh = list(real(Situation.PICTURE, FRESH, seed=1, odd=ODD))
    assert not expected(hits(rule, fresh, 0.5), FRESH, 0.05, REALS)


@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_no_source_exceeds_its_rate_by_more_than_the_factor(rule: Rule, rate: float) -> None:
    known = REALS // 6
    fresh = [r for r in real(Situation.PICTURE, 3 * FRESH, 2, ODD) if r.source == "strange"]
    count = hits(rule, fresh, rate)
    assert expected(count, len(fresh), WORST * rate, known)
    own = rule.of(Evidence(Situation.PICTURE, {}))
    plain = threshold([scored(r, own) for r in real(Situation.PICTURE, REALS, 0, ODD)], rate)
    careless = sum(scored(row, own) > plain for row in fresh)
    assert careless > count


def test_files_of_a_rare_situation_stand_with_those_of_a_like_one() -> None:
    """Thirty files alone would flag nothing at 1 % but what exceeds all of them."""
    few = [*real(Situation.FACES, 30, 0), *forged(Situation.FACES, 30, 0)]
    rows = [row for row in everything(REALS, 60) if row.situation != Situation.FACES] + few
    rule = fit(rows, "2026-01-01", GIVEN, only={Situation.FACES})
    own = rule.of(Evidence(Situation.FACES, {}))
    assert (own.reals, own.fakes) == (REALS + 30, 90)
    assert expected(hits(rule, list(real(Situation.FACES, FRESH, 1)), 0.01), FRESH, 0.01, REALS)
    new = list(forged(Situation.FACES, 100, seed=3))
    assert hits(rule, new, 0.01) / len(new) > 0.3


def test_a_rare_situation_with_higher_scores_keeps_its_rate() -> None:
    louder = list(real(Situation.FACES, 2 * HELD, 0))
    louder = [replace(row, signs=_raised(row, 3.0)) for row in louder]
    rows = [row for row in everything(REALS, 60) if row.situation != Situation.FACES or row.forged]
    rule = fit([*rows, *louder], "2026-01-01", GIVEN, only={Situation.FACES})
    fresh = [replace(row, signs=_raised(row, 3.0)) for row in real(Situation.FACES, FRESH, 1)]
    assert expected(hits(rule, fresh, 0.05), FRESH, WORST * 0.05, 2 * HELD)


def _raised(row: FileRow, by: float) -> str:
    return json.dumps({name: value + by for name, value in json.loads(row.signs).items()})


def test_forgeries_are_found(rule: Rule) -> None:
    for situation in KINDS:
        new = list(forged(situation, 100, seed=3))
        assert hits(rule, new, 0.05) / len(new) > 0.5


def test_the_ratio_says_forged_of_forged_files_and_of_few_others(rule: Rule) -> None:
    own = rule.of(Evidence(Situation.ONE_FACE, {}))
    fakes = [own.llr(scored(row, own)) for row in forged(Situation.ONE_FACE, 200, seed=3)]
    reals = [own.llr(scored(row, own)) for row in real(Situation.ONE_FACE, 600, 3, ODD)]
    assert sum(value > 0 for value in fakes) > 0.6 * len(fakes)
    assert sum(value > 0 for value in reals) < 0.15 * len(reals)


def test_the_development_split_is_not_looked_at(rule: Rule, rows: list[FileRow]) -> None:
    more = [replace(row, part="dev") for row in everything(20, 20, seed=9, odd=6.0)]
    assert fit([*rows, *more], "2026-01-01", GIVEN) == rule


def test_a_situation_without_files_is_said(rows: list[FileRow]) -> None:
    lacking = [row for row in rows if row.situation != Situation.FACES]
    with pytest.raises(DataError, match="picture-faces"):
        fit(lacking, "2026-01-01", GIVEN)
    silent = [row for row in rows if row.kind != "audio"]
    with pytest.raises(DataError, match="clip-sound"):
        fit(silent, "2026-01-01", GIVEN)


def test_what_was_not_judged_does_not_count(rows: list[FileRow]) -> None:
    bare = replace(rows[0], signs=json.dumps({"saved-differently": 1.0}))
    failed = replace(rows[0], situation="", error="it is damaged")
    assert judged([rows[0], bare, failed]) == [rows[0]]


def test_clips_of_both_kinds_are_made_of_all_clips() -> None:
    clip = drawn(Situation.MUTE_CLIP, 0, 0, "agency", {})
    sounding = replace(
        drawn(Situation.MUTE_CLIP, 0, 1, "phones", {}),
        situation=Situation.CLIP.value,
        signs=json.dumps({FACE: 0.5, VOICE: 7.0, PARTS: 7.0}),
    )
    speech = drawn(Situation.RECORDING, 0, 0, "archive", {})
    liar = drawn(Situation.RECORDING, 0, 0, "archive", {}, family="recordings")
    found = composed([clip, sounding, speech, liar])
    assert [row for row in found if row.kind == "audio"] == [speech, liar]
    assert sounding in found
    mute = [row for row in found if row.situation == Situation.MUTE_CLIP]
    assert [json.loads(row.signs) for row in mute] == [json.loads(clip.signs), {FACE: 0.5}]
    heard = json.loads(speech.signs)
    for row in found:
        if row.situation == Situation.CLIP and row != sounding:
            signs = json.loads(row.signs)
            assert {VOICE: signs[VOICE], PARTS: signs[PARTS]} == heard


def with_copies(row: FileRow, law: np.random.Generator, often: float) -> FileRow:
    """A row that has a copy as often as that, of a degree of 1.8 to 3."""
    if row.kind != "image" or law.random() > often:
        return row
    signs = json.loads(row.signs) | {COPIED: float(law.uniform(1.8, 3.0))}
    return replace(row, signs=json.dumps(signs))


def test_a_fact_counts_by_how_seldom_authentic_pictures_have_it_as_clearly(
    rows: list[FileRow],
) -> None:
    law = np.random.default_rng(0)
    stills = sum(row.kind == "image" and not row.forged for row in rows)
    found = fit([with_copies(row, law, 0.04) for row in rows], "2026-01-01", GIVEN)
    term = found.of(Evidence(Situation.PICTURE, {})).signs[COPIED]
    assert term.of(0.0) < 0.2
    assert term.of(1.8) == pytest.approx(-math.log(0.04), abs=0.5)
    assert term.of(1.8) < term.of(2.2) < term.of(2.9)
    never = fit(rows, "2026-01-01", GIVEN).of(Evidence(Situation.PICTURE, {})).signs[COPIED]
    assert never.of(3.0) == never.of(9.0) <= math.log(stills + 1)


def test_a_sign_that_errs_takes_nothing_from_the_others(rows: list[FileRow]) -> None:
    """One model takes every other authentic file for forged: what the others find stays."""
    own = Evidence(Situation.ONE_FACE, {})
    law = np.random.default_rng(1)

    def erring(row: FileRow) -> FileRow:
        signs = json.loads(row.signs)
        if row.forged or GENERATED not in signs or law.random() > 0.5:
            return row
        return replace(row, signs=json.dumps(signs | {GENERATED: 9.0 + law.random()}))

    fakes = [row for row in rows if row.forged and row.situation == own.situation]
    found = []
    for some in (rows, [erring(row) for row in rows]):
        part = fit(some, "2026-01-01", GIVEN).of(own)
        found.append(
            sum(part.surprise(scored(row, part)) > -math.log(0.02) for row in fakes) / len(fakes)
        )
    assert found[1] > 0.7 * found[0] > 0.2


def test_the_rate_is_shared_so_that_most_is_found(rule: Rule) -> None:
    for one in rule.rule:
        facts = {name: share for name, share in one.shares.items() if name in FACTS}
        scores = [share for name, share in one.shares.items() if name not in FACTS]
        assert sum(scores) == pytest.approx(1, abs=1e-3)
        assert min(scores) >= 0.01
        assert facts == {}
    assert rule.of(Evidence(Situation.RECORDING, {})).shares == {VOICE: 0.9, PARTS: 0.1}


@pytest.mark.parametrize("beside", [True, False])
def test_a_graded_fact_takes_a_share_beside_the_encoder_alone(beside: bool) -> None:
    names = (EDITED, ENCODED, COPIED) if beside else (EDITED, COPIED)
    law = np.random.default_rng(0)
    real = Terms(names, law.exponential(size=(400, len(names))))
    fake = Terms(names, law.exponential(size=(80, len(names))) + 2)
    fake.values[:, -1] = 0.0
    found = searched(real, fake, ["one"] * 400, ["edits"] * 80, 400)
    assert found.shares.get(COPIED) == (GRADED[COPIED] if beside else None)
    assert sum(found.shares[name] for name in names if name != COPIED) == pytest.approx(1, abs=1e-3)
    copy = Terms(names, np.array([[0.0] * (len(names) - 1) + [6.0]]))
    full = Sharing({**found.shares, COPIED: 1.0}, found.together)
    assert (copy.scores(found) < copy.scores(full)).all() == beside


def test_every_file_is_judged_by_a_rule_that_never_saw_its_source() -> None:
    """What a source says of itself changes nothing for its own files."""
    rows = everything(60, 36)
    whole = fit(rows, "d", GIVEN)
    said: list[tuple[int, int]] = []
    apart = left_out(rows, "d", GIVEN, whole, lambda *a: said.append(a))
    assert left_out(rows, "d", GIVEN, whole, lambda *a: None, jobs=2) == apart
    found = {one.item: one for one in apart}
    assert said == [(number, 3) for number in (1, 2, 3)]
    assert set(found) == {row.item for row in rows}
    own = next(row for row in rows if row.source == SOURCES[0])
    others = fit([row for row in rows if row.source != SOURCES[0]], "d", GIVEN, whole)
    part = others.of(own.evidence())
    assert found[own.item].surprise == pytest.approx(part.surprise(scored(own, part)), abs=1e-5)


def new(number: int, family: str = "copied parts", **more: object) -> FileRow:
    row = drawn(Situation.PICTURE, 0, number, "agency", {}, family=family)
    return replace(row, **more)  # type: ignore[arg-type]


def test_powers_are_counted() -> None:
    small = json.dumps({"jpeg": 70.0, "width": 400.0, "height": 300.0})
    large = json.dumps({"width": 900.0, "height": 1200.0})
    rows = [
        new(0, quality=small),
        new(1, quality=small),
        new(2, quality=large),
        new(3, quality=large, part="fit"),
        new(4, quality=large, situation="", error="it is damaged"),
        new(5, "pictures by generators", quality=large),
        drawn(Situation.MUTE_CLIP, 0, 6, "agency", {}, family="redrawn lips"),
    ]
    surprises = {
        rows[0].item: -math.log(0.02),
        rows[2].item: -math.log(0.0005),
        rows[3].item: 9.0,
        rows[5].item: -math.log(0.2),
    }
    found = power_rows(rows, surprises, "unmask_picture")
    told = {(row.kind, row.bucket): (row.files, row.found) for row in found}
    low, high = (
        "saved as JPEG under quality 80, under 600 pixels",
        "saved as JPEG over quality 92 or without loss, of 600 pixels and more",
    )
    assert told == {
        ("copied parts", "of any quality"): (3, {"0.05": 2, "0.01": 1, "0.001": 1}),
        ("copied parts", low): (2, {"0.05": 1, "0.01": 0, "0.001": 0}),
        ("copied parts", high): (1, {"0.05": 1, "0.01": 1, "0.001": 1}),
        ("pictures by generators", "of any quality"): (1, {"0.05": 0, "0.01": 0, "0.001": 0}),
        ("pictures by generators", high): (1, {"0.05": 0, "0.01": 0, "0.001": 0}),
    }
    assert {row.claim for row in found} == {"picture-edited", "picture-generated"}
    (lips,) = power_rows(rows, surprises, "unmask_face")
    assert (lips.kind, lips.media, lips.bucket) == ("redrawn lips", "video", "of any quality")
