"""Results on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import report_samples as samples
from rich.console import Console

from unmask.report.terminal import Tally, show
from unmask.report.words import headline
from unmask.types import Label


def printed(name: str, width: int = 120, terminal: bool = False, **options: object) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=terminal,
        legacy_windows=False,
        **options,  # type: ignore[arg-type]
    )
    show(samples.ALL[name](), console)
    return file.getvalue()


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("width", [40, 60, 80, 89, 90, 120, 200])
@pytest.mark.parametrize("terminal", [False, True])
def test_fits_the_width_and_says_the_verdict(name: str, width: int, terminal: bool) -> None:
    text = printed(name, width, terminal, color_system=None)
    assert max(len(line) for line in text.splitlines()) <= width
    squeezed = " ".join(text.replace("│", " ").split())
    assert headline(samples.ALL[name]().verdict) in squeezed


@pytest.mark.parametrize("name", samples.ALL)
def test_a_pipe_gets_plain_text(name: str) -> None:
    text = printed(name)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not set("│╭╮─━") & set(text)


def test_colour_only_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in printed("two_faces", terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    bare = printed("two_faces", terminal=True, color_system="standard")
    assert "\x1b[31m" not in bare
    assert "\x1b[1;31m" not in bare


def test_nothing_is_left_out() -> None:
    for width in (60, 120):
        text = " ".join(printed("two_faces", width).split())
        assert "97 %" in text
        assert "Of 100 authentic files, about 1 would be flagged like this." in text
        assert "Not checked" in text
        assert "face 3: It is 22 pixels wide; at least 40 are needed." in text
        assert "Points to forgery" in text
        assert "No sign of it" in text


def test_markup_in_names_is_text() -> None:
    report = samples.two_faces()
    media = replace(report.media, path="[red]x[bold].jpg")
    file = io.StringIO()
    show(replace(report, media=media), Console(file=file, width=100))
    assert "[red]x[bold].jpg" in file.getvalue()


def test_ascii_terminal() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", errors="strict", write_through=True)
    report = samples.authentic()
    show(report, Console(file=file, width=100))
    assert b"- No sign of forgery found" in raw.getvalue()


def test_a_batch() -> None:
    tally = Tally()
    for label in (Label.NO_SIGN, Label.NO_SIGN, Label.MANIPULATED):
        tally.add(label)
    for i in range(30):
        tally.fail(f"bad{i}\u202e.jpg", "The file is empty.")
    file = io.StringIO()
    tally.show(Console(file=file, width=80), seconds=11.0, most=5)
    text = file.getvalue()
    assert tally.files == 33
    assert "33 files" in text
    assert "3.00 files a second" in text
    assert "6.1 %" in text
    assert "bad4\\u202e.jpg: The file is empty." in text
    assert "bad5" not in text
    assert "and 25 more errors" in text


def test_an_empty_batch() -> None:
    file = io.StringIO()
    Tally().show(Console(file=file, width=80), seconds=0.0)
    assert "0 files" in file.getvalue()


def test_what_was_looked_for_in_vain_is_said() -> None:
    assert "Looked for and not there: a signed manifest (C2PA)" in printed("facts")
    assert "Looked for" not in printed("two_faces")
