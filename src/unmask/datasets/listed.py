"""Datasets whose authors have published no layout on disk: the user lists the files in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.datasets.table import LABELS, SPLIT_NAMES

TABLE = "items.csv"
COLUMNS = ("path", "label", "generator", "split")
_TAKEN = ("family", "condition", "source", "subject", "gender", "age", "ethnicity", "language")


class ListedAdapter(Adapter):
    """A dataset that is read from ``items.csv``, which the user writes from what came with it.

    The columns ``path``, ``label``, ``generator`` and ``split`` are needed, and ``needed`` says
    which more; ``group`` (else the file's stem) and the fields of people and files are taken where
    they are there. What the papers tell is checked: ``allowed`` holds, by column, the only values
    that a forged item may have. Nothing is guessed: a forged item without a generator, an unknown
    label or split, and a value that the dataset does not have are errors.
    """

    needed: ClassVar[tuple[str, ...]] = ()
    allowed: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    splits = "the column split of the user's items.csv, from the lists that came with the data"

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a row. Raises DataError for a row that does not fit the dataset."""
        folder.need(TABLE, "the authors publish no layout: list the files in a table")
        rows = list(folder.table(TABLE, (*COLUMNS, *self.needed)))
        there = set(folder.present((row["path"] for row in rows), f"files of {TABLE}"))
        for number, row in enumerate(rows, 2):
            item = self.adjust(self._item(folder, row, f"{TABLE}, row {number}"))
            if item.path in there:
                yield item

    def adjust(self, item: Item) -> Item:
        """The item as it shall be."""
        return item

    def _item(self, folder: DatasetFolder, row: Mapping[str, str], where: str) -> Item:
        label, split = row["label"].strip().lower(), row["split"].strip().lower()
        if label not in LABELS:
            raise folder.error(f"{where}: label is {label!r}; allowed: {', '.join(LABELS)}")
        if split not in SPLIT_NAMES:
            raise folder.error(f"{where}: split is {split!r}; allowed: {', '.join(SPLIT_NAMES)}")
        forged = LABELS[label]
        for column in ("generator", *self.needed) if forged else ():
            if not row[column].strip():
                raise folder.error(f"{where}: a forged item needs a {column}")
        for column, values in self.allowed.items() if forged else ():
            if row.get(column, "") not in values:
                raise folder.error(
                    f"{where}: {column} is {row.get(column, '')!r}; it has {', '.join(values)}"
                )
        path = row["path"].replace("\\", "/")
        told = {name: row[name] for name in _TAKEN if row.get(name)}
        told.setdefault("source", self.title)
        stem = path.rpartition("/")[2].rpartition(".")[0]
        item = medium(
            path, forged, group=row.get("group") or stem, split=SPLIT_NAMES[split], **told
        )
        if item.kind not in self.kinds:
            raise folder.error(f"{where}: {path} is no {' or '.join(self.kinds)}")
        return replace(item, generator=row["generator"].strip()) if forged else item
