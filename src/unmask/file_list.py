"""Lists of files to judge: text with one a line, or a table with a column ``path``."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

from unmask.errors import MissingExtra, SettingError

_COLUMN = "path"


def read_list(path: Path) -> list[str]:
    """The files that a list names: paths and addresses of object stores, in its order.

    ``.csv`` and ``.parquet`` (a manifest too) are tables with a column ``path``, anything else is
    text. Relative paths start from the folder of the list, those of a manifest from its own.
    Raises SettingError when it cannot be read or names nothing, MissingExtra for Parquet.
    """
    root = path.parent
    try:
        if path.suffix.lower() == ".parquet":
            names, root = _of_parquet(path)
        elif path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                rows = csv.DictReader(file)
                if _COLUMN not in (rows.fieldnames or ()):
                    raise SettingError(f"{path} has no column {_COLUMN!r}, which names the files.")
                names = [row[_COLUMN] or "" for row in rows]
        else:
            names = [os.fsdecode(line) for line in path.read_bytes().splitlines()]
    except (OSError, csv.Error) as error:
        raise SettingError(f"{path} cannot be read as a list of files: {error}.") from error
    found = [name if "://" in name else str(root / name) for name in names if name.strip()]
    if not found:
        raise SettingError(f"{path} names no files: one a line, or a column {_COLUMN!r}.")
    return found


def _of_parquet(path: Path) -> tuple[list[str], Path]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    try:
        with pq.ParquetFile(path) as file:
            if _COLUMN not in file.schema_arrow.names:
                raise SettingError(f"{path} has no column {_COLUMN!r}, which names the files.")
            names = [name or "" for name in file.read([_COLUMN])[_COLUMN].to_pylist()]
            about = file.schema_arrow.metadata or {}
    except pa.ArrowException as error:
        text = str(error).split("\n", 1)[0]
        raise SettingError(f"{path} is not a readable Parquet file: {text}") from error
    return names, root_of(path, about)


def root_of(manifest: Path, about: Mapping[bytes, bytes]) -> Path:
    """The folder that paths of a manifest start from. ``about``: what its schema carries."""
    return manifest.parent / os.fsdecode(about.get(b"unmask.root", b"."))
