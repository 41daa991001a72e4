"""Measured sections of ``docs/identity.md``."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[4] / "docs" / "identity.md"


def fill(mark: str, text: str, page: Path = PAGE) -> None:
    """Put text between the two marks of a section of the page."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    _, after = rest.split(end, 1)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
