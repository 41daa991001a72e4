"""A report as PDF, laid out from the same page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unmask.cards.card import Card
from unmask.errors import MissingExtra
from unmask.report.html import to_html
from unmask.types import Report, Snapshot


def to_pdf(
    report: Report,
    *,
    pictures: Sequence[Snapshot] | None = None,
    cards: Mapping[str, Card] | None = None,
) -> bytes:
    """The report as PDF bytes; arguments as for ``to_html``.

    Raises MissingExtra when WeasyPrint is not installed.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise MissingExtra("Writing PDF", "pdf") from None
    page = to_html(report, pictures=pictures, cards=cards, paper=True)
    # Everything is inside of the page; the fetcher opens no file and no address.
    embedded_only = URLFetcher(allowed_protocols=("data",))
    pdf: bytes = HTML(string=page, url_fetcher=embedded_only).write_pdf()
    return pdf
