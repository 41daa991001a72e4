"""The page as PDF."""

from __future__ import annotations

import sys

import pytest
import report_samples as samples

from unmask.errors import MissingExtra
from unmask.report.pdf import to_pdf


def test_missing_package_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtra, match=r"pip install 'unmask\[pdf\]'"):
        to_pdf(samples.inconclusive(), cards=samples.CARDS)


@pytest.mark.parametrize("name", ["two_faces", "video", "hostile", "inconclusive"])
def test_pdf_is_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weasyprint", reason="the extra 'pdf' is not installed")
    import socket

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = to_pdf(samples.ALL[name](), cards=samples.CARDS)
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert (b"/Image" in data) == (name not in ("inconclusive",))
