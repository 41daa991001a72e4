"""Own data as a table: a CSV or JSONL file with any of the columns of ``Item``."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

from unmask.datasets.folder import kind_of
from unmask.datasets.manifest import OWN, SPLITS, Item, Manifest, checked, odd
from unmask.datasets.splits import SHARES, scarce, split_all, split_off_val
from unmask.errors import DataError

LABELS = {
    "0": 0, "real": 0, "bonafide": 0, "bona-fide": 0, "genuine": 0, "authentic": 0, "false": 0,
    "1": 1, "fake": 1, "spoof": 1, "forged": 1, "manipulated": 1, "synthetic": 1, "true": 1,
}  # fmt: skip
"""What a table may call the two classes."""
SPLIT_NAMES = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "dev": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
"""What a table may call the splits. ``dev`` is what is held back for testing."""
ALIASES = {"method": "generator", "file": "path", "video": "media_id"}
"""Columns that are known under another name."""
_COLUMNS = {part.name for part in fields(Item)}
_NUMBERS = {"box", "face"}


def table_manifest(
    table: Path, name: str = "", shares: Sequence[float] = SHARES, seed: int = 0
) -> Manifest:
    """A manifest of a CSV or JSONL file; paths start from its folder.

    ``path`` and ``label`` are needed, the rest may be missing: ``item_id`` and ``media_id`` are
    the path, ``kind`` follows the file's ending, ``group`` is the subject or else the file's stem.
    Without a ``split`` column all is split by a hash of the group; with one that has no
    validation, that is split off training. Raises DataError for a row that cannot be read and for
    files that are missing.
    """
    rows = _jsonl(table) if table.suffix.lower() in (".jsonl", ".ndjson") else _csv(table)
    items, given = [], False
    for number, row in rows:
        row = {ALIASES.get(k, k) if ALIASES.get(k, k) not in row else k: v for k, v in row.items()}
        given = given or bool(row.get("split"))
        items.append(_item(row, f"{table.name}, row {number}"))
    named = [path for item in items for path in (item.path, item.original) if path]
    gone = [path for path in named if not (table.parent / path).is_file()]
    if gone:
        raise DataError(
            f"{len(gone)} of {len(named)} files of {table} are missing, first {gone[0]!r}. "
            "Paths start from the table's folder."
        )
    rest = _let_go(items)
    final = split_off_val(rest, seed=seed) if given else split_all(rest, shares, seed)
    return Manifest(table.parent, checked(final), name or table.stem, notes=tuple(scarce(final)))


def _let_go(items: list[Item]) -> Iterator[Item]:
    """The same items; the list becomes empty, so that none is held twice while it is changed."""
    items.reverse()
    while items:
        yield items.pop()


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            if None in row:
                raise DataError(f"{path.name}, row {number} has more cells than the header.")
            yield number, row


def _jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path.name}, row {number} is not JSON: {error}.") from None
            if not isinstance(row, dict):
                raise DataError(f"{path.name}, row {number} is not an object.")
            yield number, row


def _item(row: dict[str, Any], where: str) -> Item:
    known = {k: v for k, v in row.items() if k in _COLUMNS and v not in (None, "")}
    for needed in ("path", "label"):
        if needed not in known:
            raise DataError(f"{where} has no {needed!r}. Needed are: path, label.")
    place = str(known["path"]).replace("\\", "/")
    kind = str(known.get("kind") or kind_of(place))
    if not kind:
        raise DataError(f"{where}: the kind of {place!r} is not known. Add a column 'kind'.")
    label = _label(known["label"], where)
    split = str(known.get("split", "train")).strip().lower()
    if split not in SPLIT_NAMES:
        raise DataError(f"{where}: split is {split!r}; allowed: {', '.join(SPLIT_NAMES)}.")
    stem = PurePosixPath(place).stem
    given = {
        **{name: _value(name, value, where) for name, value in known.items()},
        "item_id": str(known.get("item_id", place)),
        "media_id": str(known.get("media_id", place)),
        "path": place,
        "kind": kind,
        "label": label,
        "group": str(known.get("group") or known.get("subject") or stem),
        "split": SPLIT_NAMES[split],
    }
    if label == 0:  # a real file was made by nobody
        given["generator"] = ""
    item = Item(**given)
    if wrong := odd(item):
        raise DataError(f"{where}: {wrong}.")
    return item


def _label(value: Any, where: str) -> int:
    text = str(value).strip().lower()
    if text not in LABELS:
        raise DataError(f"{where}: label is {value!r}; allowed: {', '.join(LABELS)}.")
    return LABELS[text]


def _value(name: str, value: Any, where: str) -> Any:
    """A cell as its column holds it; lists stand as JSON in a CSV."""
    if name not in ("segments", "box", "face", "types", "tokens", "choices", "also"):
        return str(value) if name in OWN else sys.intern(str(value))
    try:
        cells = json.loads(value) if isinstance(value, str) else value
        if name == "segments":
            return tuple((float(start), float(end)) for start, end in cells)
        if name in _NUMBERS:
            return tuple(float(cell) for cell in cells)
        return tuple(int(cell) if name == "tokens" else str(cell) for cell in cells)
    except (TypeError, ValueError):
        raise DataError(f"{where}: {name} is {value!r}; give a JSON list.") from None


assert set(SPLIT_NAMES.values()) == set(SPLITS)
