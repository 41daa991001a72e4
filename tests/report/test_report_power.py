"""What *no sign found* is worth, in every form of the report."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_samples as samples

from unmask.report.html import to_html
from unmask.report.json import to_dict
from unmask.report.page import ordered
from unmask.report.power_words import UNMEASURED, power_lines, share
from unmask.report.terminal import Tally, show
from unmask.types import Kind, Label, Power, Report

PASTED = Power("unmask_picture", "parts from another picture", "under 600 pixels", 0.3, 40, 0.01)
DRAWN = Power("unmask_picture", "pictures by generators", "under 600 pixels", 0.05, 80, 0.01)


def found_nothing(*powers: Power) -> Report:
    report = samples.authentic()
    return replace(report, verdict=replace(report.verdict, powers=powers))


@pytest.mark.parametrize(
    ("found", "files", "said"),
    [
        (0, 34, "none of 34"),
        (12, 40, "about 3 in 10"),
        (4, 80, "about 1 in 20"),
        (40, 40, "nearly all of 40"),
    ],
)
def test_a_share_is_said_as_people_say_it(found: int, files: int, said: str) -> None:
    assert share(replace(PASTED, share=found / files, files=files)) == said


def test_one_sentence_names_the_bucket_and_the_least_found_first() -> None:
    (line,) = power_lines((PASTED, DRAWN), Kind.IMAGE)
    assert line.startswith(
        "In pictures under 600 pixels, about 1 in 20 pictures by generators and "
        "about 3 in 10 parts from another picture would have been found."
    )


def test_page_and_record_carry_the_power() -> None:
    report = found_nothing(PASTED)
    page = to_html(report, cards=samples.CARDS)
    assert "about 3 in 10 parts from another picture would have been found" in page
    (power,) = to_dict(report, cards=samples.CARDS)["verdict"]["powers"]
    assert (power["kind"], power["share"], power["files"]) == (PASTED.kind, 0.3, 40)


def test_what_was_not_measured_is_said_so() -> None:
    assert UNMEASURED in to_html(found_nothing(), cards=samples.CARDS)


def test_a_flagged_file_speaks_of_no_power() -> None:
    assert UNMEASURED not in to_html(samples.two_faces(), cards=samples.CARDS)


def test_terminal_says_it_under_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    show(found_nothing(PASTED), Console(width=200, force_terminal=False))
    said = capsys.readouterr().out
    assert said.index("No sign of forgery") < said.index("3 in 10") < said.index("Findings")


def test_a_folder_sums_the_power_up(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    tally = Tally()
    tally.add(Label.NO_SIGN, {PASTED.kind: 0.3})
    tally.add(Label.NO_SIGN, {PASTED.kind: 0.1})
    tally.add(Label.MANIPULATED)
    tally.show(Console(width=200), 1.0)
    said = capsys.readouterr().out
    assert "parts from another picture: 20% would have been found in the 2 files" in said


def test_what_decided_stands_first_and_idle_facts_last() -> None:
    report = samples.facts()
    numbers = [finding for _, finding in ordered(report)]
    idle = [f.score is None and f.bearing is None for f in numbers]
    assert idle == sorted(idle)
    last = len(report.findings) - 1
    decided = replace(report, verdict=replace(report.verdict, decided_by=last))
    assert ordered(decided)[0][1] is report.findings[last]
