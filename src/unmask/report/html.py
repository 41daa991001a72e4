"""A report as one HTML file that needs nothing else: no script, no network, no second file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from unmask.detectors.card import Card
from unmask.report import drawing
from unmask.report.page import page
from unmask.types import Report, Snapshot

if TYPE_CHECKING:
    from jinja2 import Template


def to_html(
    report: Report,
    *,
    pictures: Sequence[Snapshot] = (),
    cards: Mapping[str, Card] | None = None,
) -> str:
    """The report as a page.

    ``pictures`` are shown besides those that findings hold: give the whole picture of a still
    image, so that an authentic one has a picture too. ``cards`` stands in for installed cards.
    Raises UnknownName, ModelError when a detector's card is missing.
    """
    return _template().render(page=page(report, pictures, cards), heat=drawing.HEAT)


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("unmask.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
