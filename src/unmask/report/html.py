"""A report as one HTML file that needs nothing else: no script, no network, no second file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from unmask.cards.card import Card
from unmask.report import drawing, words
from unmask.report.page import page
from unmask.report.pictures import whole_picture
from unmask.types import Report, Snapshot

if TYPE_CHECKING:
    from jinja2 import Environment

LIGHT = {
    "page": "#f3f4f6",
    "panel": "#ffffff",
    "ink": "#1a1f26",
    "soft": "#4b5563",
    "rule": "#d3d8df",
    "well": "#eef0f3",
    "link": "#0b4f8a",
    "focus": "#0b62c4",
    "forged": "#9a2d12",
    "forged-wash": "#fdf1ec",
    "synthetic": "#5a3796",
    "synthetic-wash": "#f5f0fc",
    "clear": "#0a5a66",
    "clear-wash": "#ebf6f7",
    "open": "#6a4a00",
    "open-wash": "#fbf5e4",
    "fact": "#1f3f6e",
    "s0": "#0b62a4",
    "s1": "#a8480a",
    "s2": "#5a3796",
    "s3": "#0a6a4e",
    "s4": "#8a1f5a",
    "s5": "#4b5563",
}
"""The colours on a light ground, by their names in the style sheet; the dark ones stand there."""


def to_html(
    report: Report,
    *,
    pictures: Sequence[Snapshot] | None = None,
    cards: Mapping[str, Card] | None = None,
    paper: bool = False,
) -> str:
    """The report as a page.

    ``pictures`` are shown besides those that findings hold; without them a still picture is read
    again from its file. ``cards`` stands in for installed cards.
    ``paper`` writes the light colours into each drawing, for a renderer that styles drawings
    apart from the page.
    Raises UnknownName, ModelError when a detector's card is missing.
    """
    return _render("report.html.j2", report, pictures, cards, paper)


def to_part(
    report: Report,
    *,
    pictures: Sequence[Snapshot] | None = None,
    cards: Mapping[str, Card] | None = None,
) -> str:
    """The report without its head, style and foot, to stand in another page; as ``to_html``."""
    return _render("part.html.j2", report, pictures, cards, paper=False)


def style_sheet() -> str:
    """The style of a report, for a page that holds a part of one."""
    return _environment().get_template("report.css").render(light=LIGHT)


def _render(
    template: str,
    report: Report,
    pictures: Sequence[Snapshot] | None,
    cards: Mapping[str, Card] | None,
    paper: bool,
) -> str:
    shown = whole_picture(report) if pictures is None else pictures
    return (
        _environment()
        .get_template(template)
        .render(
            page=page(report, shown, cards),
            heat=drawing.HEAT,
            light=LIGHT,
            claims=words.CLAIMS,
            paper=paper,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """What renders the templates of reports: everything is escaped, nothing may be missing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("unmask.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
