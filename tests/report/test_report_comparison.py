"""A comparison with a person is told in its own words."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_samples as samples

from unmask.report import words
from unmask.report.html import to_html
from unmask.types import Claim, Finding, Label, Report, Span, Verdict, Vote, Where


def comparison(label: Label, *findings: Finding, llr: float = 3.0) -> Report:
    verdict = Verdict(label, llr, 0.95, 0.01, 0.5, "Said.")
    return replace(samples.ALL["authentic"](), verdict=verdict, findings=findings, detectors=())


def found(claim: Claim, vote: Vote, llr: float = 3.0, spans: tuple[Span, ...] = ()) -> Finding:
    return Finding(
        "identity", claim, "A reason.", Where(spans=spans), subject="Ann", score=0.1, llr=llr,
        vote=vote,
    )  # fmt: skip


FACE, VOICE = Claim.FACE_IDENTITY, Claim.VOICE_IDENTITY


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (
            comparison(Label.MANIPULATED, found(FACE, Vote.FORGED, 5.0)),
            "The face is very likely that of another person than Ann",
        ),
        (
            comparison(Label.MANIPULATED, found(VOICE, Vote.FORGED, 2.0, (Span(1, 3),))),
            "In part, the voice is likely that of another person than Ann",
        ),
        (
            comparison(Label.MANIPULATED, found(FACE, Vote.FORGED), found(VOICE, Vote.FORGED)),
            "The face and the voice are likely not those of Ann",
        ),
        (
            comparison(Label.MANIPULATED, found(FACE, Vote.CLEAR, -3), found(VOICE, Vote.FORGED)),
            "The voice is likely that of another person than Ann",
        ),
        (comparison(Label.NO_SIGN, found(FACE, Vote.CLEAR, -3)), "The face fits Ann"),
        (
            comparison(Label.NO_SIGN, found(FACE, Vote.CLEAR), found(VOICE, Vote.CLEAR)),
            "The face and the voice fit Ann",
        ),
        (comparison(Label.INCONCLUSIVE, found(FACE, Vote.UNDECIDED)), "Inconclusive"),
    ],
)
def test_answer(report: Report, text: str) -> None:
    assert words.answer(report) == text
    assert words.explained(report).endswith(".")


def test_a_scan_that_also_compares_keeps_the_words_of_forgery() -> None:
    scanned = samples.ALL["authentic"]()
    mixed = replace(scanned, findings=(*scanned.findings, found(FACE, Vote.CLEAR)))
    assert words.answer(mixed) == words.headline(mixed.verdict)
    assert words.terms(mixed) is words.FORGERY


def test_the_page_speaks_of_another_person_and_not_of_forgery() -> None:
    report = comparison(Label.MANIPULATED, found(FACE, Vote.FORGED, 5.0))
    page = to_html(report, pictures=(), cards={})
    assert "Probability of another person" in page
    assert "Points to another person" in page
    assert "Probability of forgery" not in page
    assert "files of the person" in page


def test_the_scale_of_support_names_its_sides() -> None:
    assert words.likelihood(3.0, words.PERSON).endswith("for another person")
    assert words.likelihood(-3.0, words.PERSON).endswith("for the same person")
    assert "it is another person" in words.ratio(3.0, words.PERSON)
