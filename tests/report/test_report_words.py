"""Results in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import report_samples as samples

from unmask.report import phrases, words
from unmask.report.plain import visible
from unmask.types import Box, Claim, Finding, Kind, Label, Mask, Verdict, Vote


def verdict(label: Label, probability: float | None = None, fpr: float = 0.01) -> Verdict:
    return Verdict(label, None if probability is None else 1.0, probability, fpr, 0.5, "")


@pytest.mark.parametrize(
    ("label", "probability", "text"),
    [
        (Label.MANIPULATED, 0.995, "Very likely manipulated"),
        (Label.MANIPULATED, 0.8, "Likely manipulated"),
        (Label.SYNTHETIC, 0.4, "Possibly synthetic"),
        (Label.SYNTHETIC, None, "Synthetic"),
        (Label.NO_SIGN, 0.02, "No sign of forgery found"),
        (Label.INCONCLUSIVE, 0.5, "Inconclusive"),
    ],
)
def test_headline(label: Label, probability: float | None, text: str) -> None:
    assert words.headline(verdict(label, probability)) == text


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_label_of_every_kind_has_a_meaning(label: Label, kind: Kind) -> None:
    assert words.meaning(verdict(label, 0.5), kind).endswith(".")


def test_every_claim_and_vote_has_words() -> None:
    assert set(words.CLAIMS) == set(Claim)
    assert set(words.VOTES) == {*Vote, None}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "50 %"),
        (0.9707, "97 %"),
        (0.999, "over 99.9 %"),
        (0.995, "over 99 %"),
        (1.0, "over 99.9 %"),
        (0.004, "under 1 %"),
        (0.0, "under 0.1 %"),
    ],
)
def test_percent_never_claims_certainty(value: float, text: str) -> None:
    assert phrases.percent(value) == text


@pytest.mark.parametrize(
    ("rate", "pair"),
    [(0.01, (1, 100)), (0.005, (5, 1000)), (0.05, (5, 100)), (0.001, (1, 1000)), (0, (0, 100))],
)
def test_one_in(rate: float, pair: tuple[int, int]) -> None:
    assert phrases.one_in(rate) == pair


def test_false_alarm() -> None:
    said = words.false_alarm(verdict(Label.MANIPULATED, 0.9))
    assert said == "Of 100 authentic files, about 1 would be flagged like this."
    said = words.false_alarm(verdict(Label.NO_SIGN, 0.1, 0.0005))
    assert said == "Of 10,000 authentic files, about 5 would be flagged."


@pytest.mark.parametrize(
    ("llr", "text"),
    [
        (0.1, "no support either way"),
        (0.6, "next to no support for forgery"),
        (np.log(5), "weak support for forgery"),
        (np.log(50), "moderate support for forgery"),
        (-np.log(500), "moderately strong support for authenticity"),
        (np.log(5000), "strong support for forgery"),
        (1000.0, "very strong support for forgery"),
    ],
)
def test_likelihood(llr: float, text: str) -> None:
    assert words.likelihood(llr) == text


def test_a_flag_with_weak_evidence_says_why() -> None:
    flagged = Verdict(Label.MANIPULATED, 0.1, 0.52, 0.01, 0.5, "", surprise=9.0)
    assert "seldom show such signs" in words.caveat(flagged)
    assert words.caveat(replace(flagged, llr=3.0)) == ""


def test_no_sign_with_evidence_for_forgery_says_why() -> None:
    clear = Verdict(Label.NO_SIGN, 0.8, 0.69, 0.01, 0.5, "", surprise=float(np.log(18)))
    said = words.caveat(clear)
    assert said.startswith("That is too common among authentic files to count as a sign")
    assert "about 1 in 20 shows as much" in said
    assert words.caveat(replace(clear, llr=-0.4)) == ""


@pytest.mark.parametrize(
    ("vote", "llr", "withheld", "told"),
    [
        (Vote.FORGED, 3.0, "", True),
        (Vote.FORGED, 0.1, "", False),
        (Vote.FORGED, 3.0, "a telephone codec", False),
        (Vote.CLEAR, -2.0, "", True),
        (Vote.CLEAR, 0.8, "", False),
        (Vote.UNDECIDED, 1.0, "", True),
    ],
)
def test_a_probability_stands_only_where_it_agrees_with_the_vote(
    vote: Vote, llr: float, withheld: str, told: bool
) -> None:
    finding = Finding(
        "picture", Claim.PICTURE_EDITED, "", score=1.0, llr=llr, vote=vote, withheld=withheld
    )
    assert words.tells(finding) is told


def test_a_score_that_must_not_count_is_no_place_to_look_at() -> None:
    report = samples.authentic()
    finding = replace(report.findings[0], vote=Vote.UNDECIDED, withheld="a telephone codec")
    aside = Verdict(Label.INCONCLUSIVE, None, None, 0.01, 0.5, "", decided_by=0)
    report = replace(report, verdict=aside, findings=(finding,))
    assert words.answer(report) == "Inconclusive: a score does not count here"
    assert "set aside" in words.explained(report)
    looked = replace(report, findings=(replace(finding, withheld=""),))
    assert words.answer(looked) == "Inconclusive: look here"


def test_ratio() -> None:
    assert words.ratio(np.log(33.4)) == "33 times as likely if forged as if authentic"
    assert words.ratio(-np.log(1234)) == "1,200 times as likely if authentic as if forged"
    assert words.ratio(np.log(3)) == "3.0 times as likely if forged as if authentic"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00.0"), (59.96, "1:00.0"), (4.25, "0:04.3"), (3700, "1:01:40.0")]
)
def test_clock(seconds: float, text: str) -> None:
    assert phrases.clock(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB (1,000 bytes)"), (2_500_000, "2.5 MB")],
)
def test_size(count: int, text: str) -> None:
    assert phrases.size(count).startswith(text)


def test_a_mask_in_words() -> None:
    box = Box(0, 0, 10, 10)
    grid = np.zeros((10, 10), np.float32)
    assert phrases.marked(Mask(grid, box), "face 1").startswith("No part of face 1")
    grid[:3, :3] = 0.9
    said = phrases.marked(Mask(grid, box), "face 1")
    assert said == "The marked region covers 9 % of face 1, mainly its upper left part."
    assert "nearly all" in phrases.marked(Mask(grid + 1, box), "face 1")
    assert "10 %" in phrases.marked(Mask(samples.blob(), box), "face 1")


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (Box(0, 0, 10, 10), "upper left part"),
        (Box(45, 45, 10, 10), "middle"),
        (Box(90, 45, 10, 10), "right part"),
        (Box(40, 90, 20, 10), "lower part"),
    ],
)
def test_where_a_box_lies(box: Box, text: str) -> None:
    assert phrases.located(box, Box(0, 0, 100, 100)) == text


def test_invisible_characters_show() -> None:
    assert visible("a\u202eb\nc\udcff\x00") == "a\\u202eb\\u000ac\\udcff\\u0000"
    assert visible("عكس‌العمل é 写真") == "عكس\\u200cالعمل é 写真"
    short = visible("x" * 500 + ".jpg", 40)
    assert len(short) == 40
    assert short.endswith(".jpg")
    assert "…" in short
