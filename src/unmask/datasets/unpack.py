"""Archives and tables that hold media, taken apart into files. Nothing in them is ever run.

Zip and tar archives are unpacked within bounds; media in the columns of a Parquet file, or as
base64 in the column ``image`` of a TSV file, become files beside a ``rows.jsonl`` that holds the
other columns and where each file is.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from unmask.datasets.folder import kind_of
from unmask.errors import DataError, MissingExtra

MOST_COLUMNS = 1000
MOST_MEMBERS = 20_000_000
_RATIO = 1000  # an honest text shrinks a hundredfold
_SMALL = 64 << 20
_CELL = 1 << 30
_ROWS = 64  # of a Parquet file, read at a time
_REFERENCE = 64  # characters up to which an image cell names another row instead
Said = Callable[[int, int], None]
"""Called with how many members or rows are done, and of how many (0: not known)."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was written: the folder, how many files, and the rows of a table (0 of an archive)."""

    folder: Path
    files: int
    rows: int


def unpack(source: Path, out: Path, said: Said = lambda done, of: None) -> Unpacked:
    """Take ``source`` apart into a folder of its own name below ``out``.

    Raises DataError for what is no such file, damaged, or would write outside the folder, a link
    or a device, or more than its packed size can hold; MissingExtra.
    """
    name = source.name
    for end in (".tar.gz", ".tgz", ".tar", ".zip", ".parquet", ".tsv"):
        if name.lower().endswith(end):
            folder = out / name[: -len(end)]
            break
    else:
        raise DataError(f"{source} is no .zip, .tar, .tar.gz, .parquet or .tsv. Name one.")
    if not source.is_file():
        raise DataError(f"There is no file {source}.")
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is there and not empty. Remove it, or name another --out.")
    made = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    work = {".zip": _zip, ".parquet": _parquet, ".tsv": _tsv}.get(end, _tar)
    try:
        files, rows = work(source, made, said)
    except DataError:
        shutil.rmtree(made, ignore_errors=True)
        raise
    except (OSError, ValueError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        shutil.rmtree(made, ignore_errors=True)
        raise DataError(f"{source} cannot be taken apart ({error}). Get it again.") from error
    if folder.exists():
        folder.rmdir()
    made.replace(folder)
    return Unpacked(folder, files, rows)


def inside(name: str, what: str) -> PurePosixPath:
    """A member's place below the folder. Raises DataError when it would lie outside."""
    pure = PurePosixPath(name.replace("\\", "/"))
    drive = ":" in pure.parts[0] if pure.parts else True
    if drive or pure.is_absolute() or ".." in pure.parts or "\0" in name:
        raise DataError(f"{what} holds {name[:120]!r}, which would be written outside its folder.")
    return pure


def _sane(source: Path, members: int, size: int) -> None:
    if members > MOST_MEMBERS:
        raise DataError(f"{source} holds {members} members; at most {MOST_MEMBERS} are taken.")
    if size > _SMALL and size > _RATIO * source.stat().st_size:
        raise DataError(
            f"{source} would grow from {source.stat().st_size} to {size} bytes, as no media do."
        )
    if size > shutil.disk_usage(source.parent).free:
        raise DataError(f"{source} needs {size} bytes, more than the disk has.")


def _zip(source: Path, out: Path, said: Said) -> tuple[int, int]:
    with zipfile.ZipFile(source) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        _sane(source, len(members), sum(one.file_size for one in members))
        for done, member in enumerate(members, 1):
            if (member.external_attr >> 28) == 0xA:  # a symbolic link
                raise DataError(f"{source} holds a link ({member.filename[:120]!r}).")
            with archive.open(member) as packed:
                _write(packed, out / inside(member.filename, str(source)), member.file_size)
            said(done, len(members))
    return len(members), 0


def _tar(source: Path, out: Path, said: Said) -> tuple[int, int]:
    total = count = 0
    with tarfile.open(source) as archive:
        for member in archive:
            if member.isdir():
                continue
            if not member.isfile():
                raise DataError(f"{source} holds a link or a device ({member.name[:120]!r}).")
            count += 1
            total += member.size
            _sane(source, count, total)
            packed = archive.extractfile(member)
            assert packed is not None
            _write(packed, out / inside(member.name, str(source)), member.size)
            said(count, 0)
    return count, 0


def _write(packed: IO[bytes], path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = size
    with path.open("xb") as file:
        while left and (block := packed.read(min(left, 1 << 20))):
            file.write(block)
            left -= len(block)
    if left or packed.read(1):
        raise DataError(f"{path.name} is not as long as its archive says.")


def _parquet(source: Path, out: Path, said: Said) -> tuple[int, int]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    try:
        table = pq.ParquetFile(source)
        names = table.schema_arrow.names
        if len(names) > MOST_COLUMNS:
            raise DataError(f"{source} has {len(names)} columns; at most {MOST_COLUMNS} are taken.")
        total = table.metadata.num_rows
        rows = (row for batch in table.iter_batches(_ROWS) for row in batch.to_pylist())
        return _rows(rows, out, lambda done: said(done, total))
    except pa.ArrowException as error:
        raise DataError(
            f"{source} is not a readable Parquet file: {error}".split("\n")[0]
        ) from None


def _tsv(source: Path, out: Path, said: Said) -> tuple[int, int]:
    before = csv.field_size_limit(_CELL)
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t")
            if "image" not in (reader.fieldnames or ()):
                raise DataError(f"{source} has no column 'image'.")
            if len(reader.fieldnames or ()) > MOST_COLUMNS:
                raise DataError(f"{source} has more than {MOST_COLUMNS} columns.")
            return _rows(map(_decoded, reader), out, lambda done: said(done, 0))
    except csv.Error as error:
        raise DataError(f"{source} is not a table ({error}).") from None
    finally:
        csv.field_size_limit(before)


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose image is bytes, unless its cell only names another row."""
    cell = row.get("image") or ""
    if len(cell) <= _REFERENCE:
        return row
    try:
        return {**row, "image": base64.b64decode(cell, validate=True)}
    except binascii.Error:
        raise DataError(f"Row {row.get('index')!r}: its image is no base64.") from None


def _rows(
    rows: Iterator[dict[str, Any]], out: Path, said: Callable[[int], None]
) -> tuple[int, int]:
    """Write media of the rows, and ``rows.jsonl`` with all else."""
    files = done = 0
    with (out / "rows.jsonl").open("w", encoding="utf-8") as record:
        for done, row in enumerate(rows, 1):
            kept: dict[str, Any] = {}
            for name, value in row.items():
                data = value.get("bytes") if isinstance(value, dict) else value
                if not isinstance(data, bytes):
                    kept[str(name)] = value
                    continue
                place = _named(str(name), done - 1, data, value)
                (out / place).parent.mkdir(exist_ok=True)
                (out / place).write_bytes(data)
                kept[str(name)] = place
                files += 1
            record.write(json.dumps(kept, ensure_ascii=False, default=str) + "\n")
            said(done)
    return files, done


def _named(column: str, number: int, data: bytes, value: Any) -> str:
    """Where a medium goes: its column, its row, and the ending that its bytes or its name give."""
    safe = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in column)[:80]
    said = str(value.get("path") or "") if isinstance(value, dict) else ""
    ending = _ending(data) or (PurePosixPath(said).suffix[1:].lower() if kind_of(said) else "bin")
    return f"{safe}/{number:07}.{ending}"


def _ending(data: bytes) -> str:
    from unmask.errors import MediaError
    from unmask.media.sniff import sniff

    try:
        found = sniff(io.BytesIO(data[: 1 << 20]), Path("cell"))  # type: ignore[arg-type]
    except MediaError:
        return ""
    return found.suffixes[0] if found.suffixes else ""
