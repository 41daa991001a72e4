"""The folder of a downloaded dataset, read with errors that say how to mend it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from unmask.datasets.folder import kind_of
from unmask.errors import DataError


class DatasetFolder:
    """A dataset's folder. Every gap is an error that says what is missing and where to get it.

    ``notes`` go into the manifest.
    """

    def __init__(
        self, root: Path, title: str, url: str, layout: str, partial: bool = False
    ) -> None:
        self.root = root
        self.partial = partial
        self.notes: list[str] = []
        self._title, self._url = title, url
        self._layout = "; ".join(line.strip() for line in layout.strip().splitlines())
        if not root.is_dir():
            raise self.error(f"there is no folder {root}")

    def error(self, what: str) -> DataError:
        """An error of this dataset that ends in where to get it and what it should hold."""
        return DataError(
            f"{self._title}: {what}. Get it from {self._url}. Expected: {self._layout}."
        )

    def has(self, place: str) -> bool:
        """Whether a file or folder is there."""
        return (self.root / place).exists()

    def need(self, place: str, hint: str = "") -> Path:
        """A file or folder that must be there (``hint``: where it comes from). Raises DataError."""
        path = self.root / place
        if not path.exists():
            raise self.error(f"{place} is missing below {self.root}{hint and f' ({hint})'}")
        if path.is_file() and not path.stat().st_size:
            raise self.error(f"{path} is empty, as after a broken download")
        return path

    def one_of(self, *places: str) -> str:
        """The first of several places that is there. Raises DataError when none is."""
        for place in places:
            if self.has(place):
                return place
        return str(self.need(places[0]).relative_to(self.root))

    def read(self, place: str, hint: str = "") -> str:
        """A text file that must be there. Raises DataError when it is no text."""
        path = self.need(place, hint)
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise self.error(f"{path} is not a text file") from None

    def rows(self, place: str, columns: int, hint: str = "") -> Iterator[list[str]]:
        """Lines of a text file, split at white space, with at least so many columns."""
        for number, line in enumerate(self.read(place, hint).splitlines(), 1):
            cells = line.split()
            if cells and len(cells) < columns:
                raise self.error(f"{place}, line {number} has {len(cells)} columns, not {columns}")
            if cells:
                yield cells

    def json(self, place: str, hint: str = "") -> Any:
        """A JSON file that must be there. Raises DataError when it is cut off or malformed."""
        text = self.read(place, hint)
        try:
            return json.loads(text)
        except ValueError as error:
            raise self.error(f"{place} is not whole JSON ({error})") from None

    def table(self, place: str, columns: Iterable[str]) -> Iterator[dict[str, str]]:
        """Rows of a CSV file that has at least these columns; cells without a name are ``""``."""
        reader = csv.DictReader(self.read(place).splitlines(), restkey="")
        if lacking := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise self.error(f"{place} has no column {lacking[0]!r}")
        yield from reader

    def folders(self, place: str) -> list[str]:
        """Names of the folders in a place, sorted; none when it is not there."""
        path = self.root / place
        return sorted(p.name for p in path.iterdir() if p.is_dir()) if path.is_dir() else []

    @lru_cache(maxsize=64)  # noqa: B019  # a folder lives as long as one build
    def media(self, place: str, deep: bool = False) -> tuple[str, ...]:
        """Media below a place, as paths from it, sorted. ``deep``: in folders below it, too."""
        path = self.root / place
        found = path.rglob("*") if deep else path.glob("*")
        return tuple(
            sorted(
                p.relative_to(path).as_posix()
                for p in found
                if kind_of(p.name) and not p.name.startswith(".")
            )
        )

    def present(self, wanted: Iterable[str], what: str) -> Iterator[str]:
        """Those of the wanted files that are there.

        Raises DataError that counts the missing ones; with ``partial`` that becomes a note.
        """
        there: list[str] = []
        gone: list[str] = []
        for place in wanted:
            (there if self.exists(place) else gone).append(place)
        if gone and (not self.partial or not there):
            more = "" if not there else "; --partial takes those that are there"
            raise self.error(
                f"{len(gone)} of {len(gone) + len(there)} {what} are missing below {self.root}, "
                f"first {gone[0]}{more}"
            )
        if gone:
            self.notes.append(f"Partial: {len(gone)} of {len(gone) + len(there)} {what} missing.")
        return iter(there)

    def exists(self, place: str) -> bool:
        """Whether a file is there; asks its folder once, however many of its files follow."""
        parent, _, name = place.rpartition("/")
        return name in self._listing(parent)

    @cached_property
    def _listings(self) -> dict[str, frozenset[str]]:
        return {}

    def _listing(self, parent: str) -> frozenset[str]:
        """Names in a folder; asked once, because a million single questions take minutes."""
        if parent not in self._listings:
            path = self.root / parent
            names = frozenset(p.name for p in path.iterdir()) if path.is_dir() else frozenset()
            self._listings[parent] = names
        return self._listings[parent]
