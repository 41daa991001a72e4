"""Everything downstream of a dataset is a manifest: a Parquet table, one row an item."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from unmask.errors import DataError, MissingExtra

KINDS = ("image", "video", "audio", "imagetext", "text")
"""What an item can be. A video may have sound; an image–text pair has a picture and a ``text``; a
text is the ``text`` of its item, and its path the table that it stands in."""
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Item:
    """One row: a file (or a frame of a video that was taken out of it) and what is known of it.

    ``path`` is relative to the manifest's folder, with slashes. ``media_id``: the video or
    recording that a frame or part belongs to; scores are merged by it and never by folder.
    ``label``: 1 forged, 0 real. ``family``: kind of forgery (face-swap, tts …); ``generator``: the
    program or network that made it; ``source``: the dataset or collection. ``group``: the identity
    or utterance that a split should not cut (an official split that does is kept, and noted).
    ``condition``: how the file was compressed or perturbed ("c23", "jpeg:50"), or "clean".
    ``mask``: path of a picture (for a video: of a video), white where forged. ``original``: path of
    the authentic medium that a forged one was made from, with the same pixels at the same places
    and moments where nothing was changed. ``segments``: forged stretches in seconds, start and end.
    ``box``: forged area, ``face``: the face; left, top, width, height in pixels. ``types``:
    manipulation types where several can hold. ``tokens``: numbers of the forged words of ``text``,
    split at white space. ``question``: what is asked about the medium (and about those of ``also``,
    further paths), ``choices``: the answers allowed, ``answer``: the right one, as a choice or,
    without choices, in words. ``session``: when or where the person was recorded; media of one
    session share light, room and microphone.
    """

    item_id: str
    media_id: str
    path: str
    kind: str
    label: int
    family: str = ""
    generator: str = ""
    source: str = ""
    group: str = ""
    split: str = "train"
    condition: str = "clean"
    subject: str = ""
    gender: str = ""
    age: str = ""
    ethnicity: str = ""
    language: str = ""
    mask: str = ""
    original: str = ""
    segments: tuple[tuple[float, float], ...] = ()
    box: tuple[float, ...] = ()
    face: tuple[float, ...] = ()
    types: tuple[str, ...] = ()
    text: str = ""
    tokens: tuple[int, ...] = ()
    question: str = ""
    choices: tuple[str, ...] = ()
    answer: str = ""
    also: tuple[str, ...] = ()
    session: str = ""


_TUPLES = {"segments", "box", "face", "types", "tokens", "choices", "also"}
_LATER = {"original", "question", "choices", "answer", "also", "session"}
"""Columns that manifests of earlier versions lack."""
OWN = {"media_id", "path", "group", "mask", "original", "text", "question", "answer"}
"""Columns that may hold something else in every row; the others repeat a few words."""
_BATCH = 16384
"""Rows that are turned into columns, or back, at once."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Items and the folder that their paths start from.

    ``notes``: what a user of the dataset must know, a sentence each.
    """

    root: Path
    items: tuple[Item, ...]
    name: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def file(self, item: Item) -> Path:
        """Where an item's file is."""
        return self.root / item.path

    def where(self, keep: Callable[[Item], bool]) -> Manifest:
        """The same manifest with the items for which ``keep`` holds."""
        return replace(self, items=tuple(item for item in self.items if keep(item)))

    def select(self, **wanted: Any) -> Manifest:
        """The items whose fields equal what is wanted. Raises DataError for an unknown field."""
        known = {part.name for part in fields(Item)}
        if unknown := sorted(set(wanted) - known):
            raise DataError(f"Items have no field {unknown[0]!r}. There are: {sorted(known)}.")
        return self.where(lambda item: all(getattr(item, k) == v for k, v in wanted.items()))


def odd(item: Item) -> str:
    """The first field of places that holds no place, with its value; nothing when all do."""
    for start, end in item.segments:
        if not 0 <= start <= end < math.inf:
            said = f"segments holds {start:g} to {end:g} s"
            return f"{said}; a stretch starts at 0 s or later and does not end before its start"
    for name in ("box", "face"):
        box = getattr(item, name)
        if box and not (len(box) == 4 and all(map(math.isfinite, box)) and min(box[2:]) >= 0):
            return f"{name} is {list(box)}; give left, top, width and height in pixels"
    if any(token < 0 for token in item.tokens):
        return f"tokens holds {min(item.tokens)}; words are counted from 0 on"
    return ""


def checked(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items, or DataError when one is not what a manifest may hold.

    Numbers are unique, labels are 0 or 1, kinds and splits are known, and paths lie inside the
    folder. Groups that stand in two splits are a matter of ``unmask data check``.
    """
    rows = tuple(items)
    if not rows:
        raise DataError("The manifest would be empty: no file was found.")
    for item in rows:
        if item.kind not in KINDS:
            raise DataError(f"{item.item_id}: kind is {item.kind!r}; allowed: {', '.join(KINDS)}.")
        if item.label not in (0, 1):
            raise DataError(f"{item.item_id}: label is {item.label!r}; 1 is forged, 0 is real.")
        if item.split not in SPLITS:
            raise DataError(
                f"{item.item_id}: split is {item.split!r}; allowed: {', '.join(SPLITS)}."
            )
        if item.original and not item.label:
            raise DataError(f"{item.item_id} is real and names an original; only forged items do.")
        for path in (item.path, item.original, *item.also):
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise DataError(f"{item.item_id}: the path {path!r} must lie inside the folder.")
        if wrong := odd(item):
            raise DataError(f"{item.item_id}: {wrong}.")
        if item.choices and item.answer not in item.choices:
            raise DataError(f"{item.item_id}: the answer {item.answer!r} is none of its choices.")
    if (number := _twice(rows)) is not None:
        count = sum(item.item_id == number for item in rows)
        raise DataError(f"{count} items are called {number!r}; every item_id must be unique.")
    return rows


def _twice(rows: Sequence[Item]) -> str | None:
    """A number that several items have. Eight bytes a row are held, and no number itself."""
    hashes = np.fromiter((hash(item.item_id) for item in rows), np.int64, len(rows))
    order = np.sort(hashes)
    again = set(order[1:][order[1:] == order[:-1]].tolist())
    if not again:
        return None
    seen = Counter(item.item_id for item in rows if hash(item.item_id) in again)
    number, count = seen.most_common(1)[0]
    return number if count > 1 else None


def write_manifest(path: Path, manifest: Manifest) -> Path:
    """Write ``manifest`` as Parquet, some rows at a time. Raises DataError, MissingExtra.

    A file inside the manifest's folder stores its paths relative to that folder; elsewhere the
    folder is kept beside them.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing a manifest", "parquet") from None
    items = checked(manifest.items)
    inside = path.resolve().parent == manifest.root.resolve()
    about = {
        "unmask.root": "." if inside else str(manifest.root.resolve()),
        "unmask.name": manifest.name,
        "unmask.licence": manifest.licence,
        "unmask.citation": manifest.citation,
        "unmask.notes": json.dumps(manifest.notes),
    }
    schema = _schema().with_metadata(about)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for start in range(0, len(items), _BATCH):
            rows = items[start : start + _BATCH]
            columns = [pa.array([getattr(i, f.name) for i in rows], f.type) for f in schema]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    part.replace(path)
    return path


def read_manifest(path: Path) -> Manifest:
    """Read a manifest back: a Parquet file, or a folder that holds ``manifest.parquet``.

    Raises DataError when it is missing, damaged or lacks a column; MissingExtra.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading a manifest", "parquet") from None
    if path.is_dir():
        path = path / "manifest.parquet"
    if not path.is_file():
        raise DataError(f"There is no manifest at {path}. Make one: unmask data make FOLDER")
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            about = {k.decode(): v.decode() for k, v in (file.schema_arrow.metadata or {}).items()}
            known = [part.name for part in fields(Item)]
            needed = [name for name in known if name in names or name not in _LATER]
            if missing := [name for name in needed if name not in names]:
                raise DataError(f"{path} lacks the columns {', '.join(missing)}.")
            items = tuple(_items(file.iter_batches(_BATCH, columns=needed)))
    except (pa.ArrowException, OSError) as error:
        text = str(error).split("\n", 1)[0]
        raise DataError(f"{path} is not a readable Parquet file: {text}") from error
    root = Path(about.get("unmask.root", "."))
    return Manifest(
        path.parent / root,
        checked(items),
        about.get("unmask.name", ""),
        about.get("unmask.licence", ""),
        about.get("unmask.citation", ""),
        tuple(json.loads(about.get("unmask.notes", "[]"))),
    )


def _items(batches: Iterable[Any]) -> Iterator[Item]:
    """Rows of some columns at a time; a word that stands in many rows is kept once."""
    for batch in batches:
        names = batch.schema.names
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            cells = dict(zip(names, row, strict=True))
            number = cells["item_id"]
            for name, value in cells.items():
                if name in _TUPLES:
                    cells[name] = tuple(value)
                elif name in OWN:
                    cells[name] = number if value == number else value
                elif isinstance(value, str) and name != "item_id":
                    cells[name] = sys.intern(value)
            cells["segments"] = tuple((float(a), float(b)) for a, b in cells["segments"])
            yield Item(**cells)


def _schema() -> Any:
    import pyarrow as pa

    special = {
        "label": pa.int8(),
        "segments": pa.list_(pa.list_(pa.float64())),
        "box": pa.list_(pa.float64()),
        "face": pa.list_(pa.float64()),
        "types": pa.list_(pa.string()),
        "tokens": pa.list_(pa.int32()),
        "choices": pa.list_(pa.string()),
        "also": pa.list_(pa.string()),
    }
    return pa.schema([(part.name, special.get(part.name, pa.string())) for part in fields(Item)])
