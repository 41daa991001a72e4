"""Rows of one dataclass as a Parquet file, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from unmask.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


def write_rows(path: Path, rows: Sequence[DataclassInstance]) -> None:
    """Store rows. Raises MissingExtra without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows]), path, compression="zstd")


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Stored rows. Raises DataError when the file is missing or lacks a column."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    if not path.is_file():
        raise DataError(f"There is no {path}. Measure first: docs/identity.md names the command.")
    table = pq.read_table(path)
    if lacking := {part.name for part in fields(kind)} - set(table.column_names):
        raise DataError(f"{path} lacks the columns {', '.join(sorted(lacking))}. Measure again.")
    return [kind(**row) for row in table.to_pylist()]
