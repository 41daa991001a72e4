"""A report as PDF, laid out from the same page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unmask.detectors.card import Card
from unmask.errors import MissingExtra
from unmask.report.html import to_html
from unmask.types import Report, Snapshot


def to_pdf(
    report: Report,
    *,
    pictures: Sequence[Snapshot] = (),
    cards: Mapping[str, Card] | None = None,
) -> bytes:
    """The report as PDF bytes; arguments as for ``to_html``.

    Raises MissingExtra when WeasyPrint is not installed.
    """
    try:
        from weasyprint import HTML
    except ImportError:
        raise MissingExtra("Writing PDF", "pdf") from None
    page = to_html(report, pictures=pictures, cards=cards)
    pdf: bytes = HTML(string=page, url_fetcher=_embedded_only).write_pdf()
    return pdf


def _embedded_only(url: str, *args: object, **options: object) -> object:
    """Open data URIs and nothing else, so that a page can never reach for the network."""
    if not url.startswith("data:"):
        raise ValueError(f"a report refers to {url[:80]!r}, which is outside of itself")
    from weasyprint import default_url_fetcher

    return default_url_fetcher(url)
