"""What every adapter of a public dataset is: its papers, its layout, its items."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

from unmask.datasets.folder import kind_of
from unmask.datasets.manifest import Item, Manifest, checked
from unmask.datasets.splits import crossing, split_off_val, united
from unmask.errors import DataError, UnknownName


class Adapter(ABC):
    """One public dataset, read where and as its authors' download lies on the disk.

    ``licence``, ``citation``, ``url``: for ``unmask data show`` and the manifest. ``splits``: where
    the official splits come from. ``layout``: what the folder must hold, a line each. Nothing is
    downloaded, copied or changed.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]
    url: ClassVar[str]
    splits: ClassVar[str]
    layout: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    carves_val: ClassVar[bool] = False
    """Whether the dataset comes without validation, so that it is split off training."""

    @abstractmethod
    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """The items, with all identities of each in its ``group`` ("000+003").

        Raises DataError when something is missing or malformed.
        """

    def build(self, root: Path, partial: bool = False) -> Manifest:
        """The manifest of the dataset at ``root``.

        Identities that occur together become one group. Official splits are kept as they are;
        groups that they cut are named in a note. ``partial``: take what is there and note what is
        not, where otherwise a missing file is a DataError.
        """
        folder = DatasetFolder(root, self, partial)
        items = united(self.items(folder))
        if self.carves_val:
            items = split_off_val(items)
        folder.notes += _cut(items)
        return Manifest(
            root, checked(items), self.name, self.licence, self.citation, tuple(folder.notes)
        )


class DatasetFolder:
    """A dataset's folder. Every gap is an error that says what is missing and where to get it.

    ``notes`` go into the manifest.
    """

    def __init__(self, root: Path, adapter: Adapter, partial: bool = False) -> None:
        self.root = root
        self.partial = partial
        self.notes: list[str] = []
        self._adapter = adapter
        if not root.is_dir():
            raise self.error(f"there is no folder {root}")

    def error(self, what: str) -> DataError:
        """An error of this dataset that ends in where to get it and what it should hold."""
        layout = "; ".join(line.strip() for line in self._adapter.layout.strip().splitlines())
        title = self._adapter.title
        return DataError(f"{title}: {what}. Get it from {self._adapter.url}. Expected: {layout}.")

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
            (there if self._exists(place) else gone).append(place)
        if gone and (not self.partial or not there):
            more = "" if not there else "; --partial takes those that are there"
            raise self.error(
                f"{len(gone)} of {len(gone) + len(there)} {what} are missing below {self.root}, "
                f"first {gone[0]}{more}"
            )
        if gone:
            self.notes.append(f"Partial: {len(gone)} of {len(gone) + len(there)} {what} missing.")
        return iter(there)

    def _exists(self, place: str) -> bool:
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


def _cut(items: tuple[Item, ...]) -> list[str]:
    cut = crossing(items)
    if not cut:
        return []
    first = next(iter(cut))
    return [
        f"The official splits share identities: {len(cut)} groups stand in several splits "
        f"(first {first!r} in {', '.join(cut[first])}). They were kept as published."
    ]


def medium(path: str, label: int, *, kind: str = "", media_id: str = "", **more: Any) -> Item:
    """An item whose number is its path; its kind follows the ending."""
    return Item(path, media_id or path, path, kind or kind_of(path), label, **more)


@lru_cache(maxsize=1)
def _adapters() -> dict[str, type[Adapter]]:
    import importlib
    import pkgutil

    from unmask.datasets import adapters as package

    found: dict[str, type[Adapter]] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Adapter)
                and value.__module__ == module.__name__
                and hasattr(value, "name")
            ):
                found[value.name] = value
    return dict(sorted(found.items()))


def adapters() -> tuple[str, ...]:
    """Names of all known datasets: found by listing ``adapters/``."""
    return tuple(_adapters())


def adapter(name: str) -> Adapter:
    """The adapter of a name. Raises UnknownName."""
    if name not in _adapters():
        raise UnknownName("dataset", name, adapters())
    return _adapters()[name]()
