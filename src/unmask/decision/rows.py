"""What is kept of one scored file, and the table of many."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from unmask.errors import DataError, MissingExtra
from unmask.types import Kind

BASE = "unmask"
"""The voter that is the shipped rule: its value is ``Verdict.surprise``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One file of the user's: where it is from, and what the scan gave.

    ``label``: 0 authentic, 1 forged. ``surprise``: of the shipped rule; ``None`` where it could
    not judge. ``joined``: raw score of each joined detector that spoke. ``numbers`` and ``words``:
    what the file and the analyzers look like (``likeness.features``). ``taken``: date of the
    picture or recording (ISO 8601), by its tags, else of the file. ``error``: why it could not be
    scanned; the rest is then empty.
    """

    path: str
    sha256: str
    group: str
    label: int
    kind: str = ""
    surprise: float | None = None
    joined: dict[str, float] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    taken: str = ""
    error: str = ""

    def values(self) -> dict[str, float]:
        """The value of each voter that spoke."""
        own = {} if self.surprise is None else {BASE: self.surprise}
        return own | self.joined

    def to_dict(self) -> dict[str, Any]:
        """As plain values, in a fixed order."""
        kept = asdict(self)
        for name in ("joined", "numbers", "words"):
            kept[name] = dict(sorted(kept[name].items()))
        return kept


def of_kind(rows: Iterable[Row], kind: Kind, label: int) -> list[Row]:
    """The rows of one kind and label that could be scanned."""
    return [row for row in rows if row.kind == kind and row.label == label and not row.error]


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows in an order that does not depend on when each was scored."""
    return sorted(rows, key=lambda row: (row.label, row.group, row.path, row.sha256))


def need_parquet() -> None:
    """Raises MissingExtra when the table of scores cannot be read or written here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise MissingExtra("A calibration", "parquet") from None


def to_parquet(rows: Sequence[Row]) -> bytes:
    """The table as bytes that depend on nothing but the rows. Raises MissingExtra."""
    need_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    special = {
        "label": pa.int8(),
        "surprise": pa.float64(),
        "joined": pa.map_(pa.string(), pa.float64()),
        "numbers": pa.map_(pa.string(), pa.float64()),
        "words": pa.map_(pa.string(), pa.string()),
    }
    schema = pa.schema([(one.name, special.get(one.name, pa.string())) for one in fields(Row)])
    table = pa.Table.from_pylist([_flat(row) for row in in_order(rows)], schema=schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _flat(row: Row) -> dict[str, Any]:
    """Maps as lists of pairs, which is how Arrow takes them."""
    return {k: list(v.items()) if isinstance(v, dict) else v for k, v in row.to_dict().items()}


def from_parquet(data: bytes, name: str) -> list[Row]:
    """The rows of a table; ``name`` names it in errors. Raises DataError, MissingExtra."""
    need_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(io.BytesIO(data)).to_pylist()
        return [_row(one) for one in found]
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        text = str(error).split("\n", 1)[0]
        raise DataError(f"{name} is not a readable table of scores: {text}") from error


def _row(found: dict[str, Any]) -> Row:
    return Row(**found | {name: dict(found[name]) for name in ("joined", "numbers", "words")})
