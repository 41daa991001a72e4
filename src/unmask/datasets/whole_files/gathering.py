"""Bringing the single files of ``gathered.csv`` from their public repositories, by their hashes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from unmask.cards.download import receive
from unmask.datasets.whole_files.listing import GATHERED, gathered
from unmask.errors import ModelError

FROM = "https://raw.githubusercontent.com"
"""Where the files of a repository lie by name, revision and path."""
_SOURCES = Path(__file__).parent / "gathered_sources.csv"


def revisions() -> dict[str, tuple[str, str]]:
    """Revision and licence (as its owner states it) of each source."""
    with _SOURCES.open(encoding="utf-8", newline="") as file:
        return {row["source"]: (row["revision"], row["licence"]) for row in csv.DictReader(file)}


def gather(more: Path, said: Callable[[int, int], None], base: str = FROM) -> list[str]:
    """Bring every file that is not there yet under ``more``; those that did not come, and why.

    What arrives is kept only when it is the file that the table names (git's hash of it).
    """
    rows, known = gathered(), revisions()
    lost = []
    for number, row in enumerate(rows, 1):
        url = f"{base}/{row['source']}/{known[row['source']][0]}/{quote(row['original'])}"
        try:
            receive(url, more / GATHERED / row["path"], f"git:{row['git']}")
        except ModelError as error:
            lost.append(str(error))
        said(number, len(rows))
    return lost
