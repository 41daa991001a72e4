"""The folder of a downloaded dataset, read with errors that say how to mend it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from unmask.datasets.folder import kind_of
from unmask.errors import DataError

T = TypeVar("T")
_MOST_COLUMNS = 1000
_MOST_NAMED = 8
_MOST_SAID = 500  # characters of an error that may come out of a stranger's table
_UNFINISHED = (".part", ".partial", ".incomplete", ".crdownload", ".aria2", ".download")
_PACKED = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".7z.001", ".zip.001", ".rar", ".tar.gz.00")


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
        self.at = ""
        """The file, or the line of a list, that was handed out last."""
        self._title, self._url = title, url
        self._layout = "; ".join(line.strip() for line in layout.strip().splitlines())
        if not root.is_dir():
            raise self.error(f"there is no folder {root}")

    def error(self, what: str) -> DataError:
        """An error of this dataset that ends in where to get it and what it should hold."""
        said = " ".join(what.split())
        said = said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…"
        return DataError(
            f"{self._title}: {said}. Get it from {self._url}. Expected: {self._layout}."
        )

    def has(self, place: str) -> bool:
        """Whether a file or folder is there."""
        return (self.root / place).exists()

    def need(self, place: str, hint: str = "") -> Path:
        """A file or folder that must be there (``hint``: where it comes from). Raises DataError."""
        path = self.root / place
        if not path.exists():
            packed = next((f"{place}{end}" for end in _PACKED if self.has(f"{place}{end}")), "")
            hint = f"{packed} is there: unpack it" if packed else hint
            raise self.error(f"{place} is missing below {self.root}{hint and f' ({hint})'}")
        if path.is_file() and not path.stat().st_size:
            raise self.error(f"{path} is empty, as after a broken download")
        return path

    def part(self, *places: str, hint: str = "") -> str:
        """The first of several places that is there, where it is a part that may be left out.

        Raises DataError when none is; with ``partial`` that becomes a note, and "" is returned.
        """
        found = next((place for place in places if self.has(place)), "")
        if not found and not self.partial:
            self.need(places[0], hint)
        if not found:
            self.notes.append(f"Partial: {places[0]} is missing.")
        return found

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
                self.at = f"{place}, line {number}"
                yield cells

    def json(self, place: str, hint: str = "") -> Any:
        """A JSON file that must be there. Raises DataError when it is cut off or malformed."""
        text = self.read(place, hint)
        self.at = place
        return self._json(text, place)

    def _json(self, text: str, where: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.error(f"{where} is not whole JSON ({error})") from None

    def json_lines(self, place: str, hint: str = "") -> Iterator[Any]:
        """Objects of a file that has one a line, read as they come."""
        with self.need(place, hint).open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    self.at = f"{place}, line {number}"
                    yield self._json(line, f"{place}, line {number}")

    def table(
        self, place: str, columns: Iterable[str], delimiter: str = ",", quoted: bool = True
    ) -> Iterator[dict[str, str]]:
        """Rows of a CSV file that has at least these columns; cells without a name are ``""``.

        Cells may hold line ends when ``quoted``. Raises DataError for a file that is no table.
        """
        text = io.StringIO(self.read(place), newline="")
        reader = csv.DictReader(
            text,
            restkey="",
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        )
        try:
            names = reader.fieldnames or ()
            if len(names) > _MOST_COLUMNS:
                raise self.error(f"{place} has {len(names)} columns, which is no table of it")
            if lacking := [name for name in columns if name not in names]:
                raise self.error(f"{place} has no column {lacking[0]!r}")
            for row in reader:
                if None in row.values():
                    raise self.error(f"{place}, line {reader.line_num} is cut off")
                self.at = f"{place}, line {reader.line_num}"
                yield row
        except csv.Error as error:
            raise self.error(f"{place} is not a table ({error})") from None

    def folders(self, place: str) -> list[str]:
        """Names of the folders in a place, sorted; none when it is not there."""
        path = self.root / place
        return sorted(p.name for p in path.iterdir() if p.is_dir()) if path.is_dir() else []

    @lru_cache(maxsize=64)  # noqa: B019  # a folder lives as long as one build
    def media(self, place: str, deep: bool = False) -> tuple[str, ...]:
        """Media below a place, as paths from it, sorted. ``deep``: in folders below it, too."""
        path = self.root / place
        found = [p for p in (path.rglob("*") if deep else path.glob("*")) if p.name[0] != "."]
        broken = [p.name for p in found if p.name.endswith(_UNFINISHED)]
        if broken and not self.partial:
            raise self.error(
                f"{len(broken)} downloads in {path} are not finished, first {broken[0]}"
            )
        if broken:
            self.notes.append(f"Partial: {len(broken)} downloads in {place} are not finished.")
        return tuple(sorted(p.relative_to(path).as_posix() for p in found if kind_of(p.name)))

    def present(self, wanted: Iterable[str], what: str) -> Iterator[str]:
        """Those of the wanted files that are there.

        Raises DataError that counts the missing ones; with ``partial`` that becomes a note, also
        where none is there. A name that leads out of the folder is refused before anything is
        asked of the disk.
        """
        there: list[str] = []
        gone: list[str] = []
        for place in wanted:
            pure = PurePosixPath(place.replace("\\", "/"))
            if not pure.parts or pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
                raise self.error(f"a list names {place!r}, which does not lie inside the folder")
            (there if self.exists(place) else gone).append(place)
        if gone and not self.partial:
            more = "" if not there else "; --partial takes those that are there"
            raise self.error(
                f"{len(gone)} of {len(gone) + len(there)} {what} are missing below {self.root}, "
                f"first {gone[0]}{more}"
            )
        if gone:
            count = f"{len(gone)} of {len(gone) + len(there)}" if there else f"all {len(gone)}"
            self.notes.append(f"Partial: {count} {what} missing.")
        return self._each(there)

    def _each(self, places: Iterable[str]) -> Iterator[str]:
        for place in places:
            self.at = place
            yield place

    def known(self, values: Mapping[Any, T], value: Any, field: str) -> T:
        """What a value of a list stands for. Raises DataError that names field and place."""
        if value not in values:
            allowed = ", ".join(map(repr, list(values)[:_MOST_NAMED]))
            raise self.error(f"{self.at}: {field} is {value!r}; known are {allowed}")
        return values[value]

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
