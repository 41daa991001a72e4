"""What every adapter of a public dataset is: its papers, its layout, its items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from unmask.datasets.folder import kind_of
from unmask.datasets.manifest import Item, Manifest, checked
from unmask.datasets.on_disk import DatasetFolder
from unmask.datasets.splits import SHARES, crossing, scarce, split_all, split_off_val, united
from unmask.errors import UnknownName


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
    labels: ClassVar[tuple[int, ...]] = (0, 1)
    """What its items are: some datasets hold forged media only, or real ones only."""
    official: ClassVar[bool] = True
    """Whether the dataset has splits of its own. If not, groups are split by a hash."""
    published: ClassVar[tuple[str, ...]] = ()
    """The generators of the whole dataset, where they are known; those without items are noted."""
    carves_val: ClassVar[bool] = False
    """Whether the official splits have no validation, so that it is split off training."""

    @abstractmethod
    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """The items, with all identities of each in its ``group`` ("000+003").

        Raises DataError when something is missing or malformed.
        """

    def build(
        self,
        root: Path,
        partial: bool = False,
        shares: Sequence[float] = SHARES,
        seed: int = 0,
    ) -> Manifest:
        """The manifest of the dataset at ``root``.

        Identities that occur together become one group. Official splits are kept as they are;
        groups that they cut are named in a note. ``partial``: take what is there and note what is
        not, where otherwise a missing file is a DataError. ``shares`` and ``seed`` are for datasets
        without splits, or without validation, of their own.
        """
        folder = DatasetFolder(root, self.title, self.url, self.layout, partial)
        try:
            shown = tuple(self.items(folder))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            place = f"at {folder.at}, " if folder.at else ""
            raise folder.error(f"{place}a list or table is not as published ({error!r})") from error
        if not shown:
            raise folder.error(f"nothing of it is there. {' '.join(folder.notes)}")
        folder.notes += _absent(self.published, shown)
        items = united(shown)
        if not self.official:
            items = self._split(shown, items, folder, shares, seed)
        elif self.carves_val:
            items = split_off_val(items, seed=seed)
            if len({item.label for item in items if item.split == "val"}) < 2:
                folder.notes.append(
                    "No validation: none with both classes can be split off training without "
                    "cutting a group. Take it from another dataset."
                )
        if self.official:
            folder.notes += _cut(items)
        else:
            folder.notes += scarce(items)
        return Manifest(
            root, checked(items), self.name, self.licence, self.citation, tuple(folder.notes)
        )

    @staticmethod
    def _split(
        shown: tuple[Item, ...],
        items: tuple[Item, ...],
        folder: DatasetFolder,
        shares: Sequence[float],
        seed: int,
    ) -> tuple[Item, ...]:
        """Split by a hash of the group, or of the identity shown where donors link nearly all."""
        largest = max(Counter(item.group for item in items).values(), default=0)
        if 2 * largest <= len(items) or len({item.group.split("+")[0] for item in shown}) < 2:
            return split_all(items, shares, seed)
        folder.notes.append(
            f"Donor identities link {largest} of {len(items)} items, so that no split could keep "
            "all identities apart: splits follow the identity that is shown (the first named), "
            "and donors recur in several of them."
        )
        first = (replace(item, group=item.group.split("+")[0]) for item in shown)
        return split_all(first, shares, seed)


def _absent(published: Sequence[str], items: Sequence[Item]) -> list[str]:
    """A note on generators that the whole dataset has and this copy has not."""
    there = {item.generator.lower() for item in items}
    gone = [name for name in published if name.lower() not in there]
    if not gone:
        return []
    return [f"Not there: {len(gone)} of {len(published)} generators ({', '.join(gone)})."]


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
