"""The run that cuts the faces of a whole manifest: parallel, and resumable after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from unmask.datasets.face_crops import Cut, cut_item
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.datasets.parallel import spread
from unmask.errors import DataError, MissingExtra, OutputError

LOG = "progress.jsonl"
TABLE = "faces.parquet"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run wrote: the manifest, and how many files gave no face or could not be read."""

    path: Path
    crops: int
    faceless: int
    unread: tuple[str, ...]


def cut_faces(
    manifest: Manifest,
    out: Path,
    cut: Cut,
    processes: int = 1,
    progress: Progress = lambda done, of, what: None,
) -> Result:
    """Cut the faces of all pictures and videos of a manifest into the folder ``out``.

    Writes ``crops/``, ``manifest.parquet`` (an item a crop: its medium is the video, its ``face``
    the box in the crop, its ``mask`` cut alike, its ``original`` too where ``cut`` asks for it) and
    ``faces.parquet`` (place, time, box and five points in the original and in the crop). What was
    finished before a kill is not done again.
    Videos forged in their sound only are left out: their pictures are real. Raises DataError when
    no face is found, OutputError when ``out`` was begun with other settings.
    """
    seen = manifest.where(
        lambda item: item.kind in ("image", "video") and set(item.types) != {"audio"}
    )
    if not len(seen):
        raise DataError("The manifest holds no picture and no video.")
    log = _Log(out / LOG, cut)
    open_jobs = [
        (item, manifest.root.resolve(), out.resolve())
        for item in seen
        if item.item_id not in log.done
    ]
    finished = len(seen) - len(open_jobs)
    work = partial(cut_item, cut=cut)
    for done, ((item, _, _), rows) in enumerate(spread(work, open_jobs, processes), 1):
        log.add(item.item_id, rows)
        progress(finished + done, len(seen), "files")
    log.close()
    made = {number: rows for number, rows in log.done.items() if isinstance(rows, list)}
    unread = tuple(
        f"{number}: {rows}" for number, rows in log.done.items() if isinstance(rows, str)
    )
    faceless = sum(1 for rows in made.values() if not rows)
    crops = [(item, row) for item in seen for row in made.get(item.item_id, [])]
    if not crops:
        raise DataError("No face was found in any file of the manifest.")
    notes = _notes(len(manifest) - len(seen), faceless, len(unread))
    final = replace(
        manifest,
        root=out,
        items=tuple(_crop(item, row) for item, row in crops),
        notes=(*manifest.notes, *notes),
    )
    _write_table(out / TABLE, crops)
    return Result(write_manifest(out / "manifest.parquet", final), len(crops), faceless, unread)


def _notes(left: int, faceless: int, unread: int) -> Iterator[str]:
    if left:
        yield f"{left} items without forged or real pictures (sound, text) were left out."
    if faceless:
        yield f"{faceless} files show no face and were left out."
    if unread:
        yield f"{unread} files could not be read and were left out."


def _crop(item: Item, row: dict[str, Any]) -> Item:
    """A crop as an item: all that is known of its picture or video, and where its face is."""
    return replace(
        item,
        item_id=row["item_id"],
        path=row["path"],
        kind="image",
        mask=row["mask"],
        original=row.get("original", ""),
        segments=(),
        box=(),
        face=tuple(row["crop_box"]),
    )


def _write_table(path: Path, crops: list[tuple[Item, dict[str, Any]]]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing the table of faces", "parquet") from None
    names = ("item_id", "frame", "time", "confidence", "box", "points", "crop_box", "crop_points")
    rows = [
        {"media_id": item.media_id, **{name: row[name] for name in names}} for item, row in crops
    ]
    part = path.with_name(f"{path.name}.part")
    pq.write_table(pa.Table.from_pylist(rows), part, compression="zstd")
    part.replace(path)


class _Log:
    """What is finished: a line of settings, then a line a file, flushed at once.

    A torn last line, as after a kill, is cut off.
    """

    def __init__(self, path: Path, cut: Cut) -> None:
        self.done: dict[str, list[dict[str, Any]] | str] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = asdict(cut)
        kept = 0
        if path.exists():
            kept = self._recover(path, settings)
            with path.open("r+b") as file:
                file.truncate(kept)
        self._file = path.open("a", encoding="utf-8")
        if not kept:
            self._write(settings)

    def _recover(self, path: Path, settings: dict[str, Any]) -> int:
        kept = 0
        with path.open("rb") as file:
            for line in file:
                try:
                    value = json.loads(line)
                except ValueError:
                    break
                if not line.endswith(b"\n"):
                    break
                if kept and "item" in value:
                    self.done[value["item"]] = value["rows"]
                elif {**asdict(Cut()), **value} != settings:
                    raise OutputError(
                        f"{path.parent} was begun with other settings ({value}). Go on with the "
                        "same ones, or name another folder."
                    )
                kept += len(line)
        return kept

    def add(self, item: str, rows: list[dict[str, Any]] | str) -> None:
        """One finished file: its crops, or why there are none."""
        self.done[item] = rows
        self._write({"item": item, "rows": rows})

    def _write(self, value: dict[str, Any]) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
