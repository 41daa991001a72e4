"""What a detector said of the items of a protocol: one Parquet file, from which all is computed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from unmask.errors import DataError, MissingExtra


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item under one condition: what is true of it and what the detector said.

    ``test``: the test set, or ``val``. ``score``: a logit, higher = forged. The rest is empty where
    the item or the detector has no such thing. Truth: ``segments`` in seconds, ``box`` (centre and
    size, shares of the picture), ``kinds`` and ``tokens`` (0 or 1), ``class_number`` (-1 unknown).
    Said: ``proposals`` (confidence, start, end), ``pixels`` (two histograms of 256, see
    ``metrics.pixels.counts``), ``box_found``, and logits of kinds, tokens and classes.
    """

    item_id: str
    media_id: str
    path: str
    test: str
    condition: str
    label: int
    score: float
    kind: str = ""
    group: str = ""
    source: str = ""
    family: str = ""
    generator: str = ""
    gender: str = ""
    age: str = ""
    ethnicity: str = ""
    language: str = ""
    segments: tuple[tuple[float, float], ...] = ()
    proposals: tuple[tuple[float, float, float], ...] = ()
    pixels: tuple[int, ...] = ()
    box: tuple[float, ...] = ()
    box_found: tuple[float, ...] = ()
    kinds: tuple[int, ...] = ()
    kind_scores: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()
    token_scores: tuple[float, ...] = ()
    class_number: int = -1
    class_scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All rows of a file and what is known of the run: detector, weights, training, date."""

    rows: tuple[Outcome, ...]
    about: Mapping[str, Any]

    @property
    def detector(self) -> str:
        """Name of the detector."""
        return str(self.about["detector"])


def place(results: Path, protocol: str, detector: str) -> Path:
    """Where the outcomes of a detector under a protocol are."""
    return results / protocol / f"{detector}.parquet"


def joined(old: Sequence[Outcome], new: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Old rows and new ones; where a test was scored again under a condition, only the new."""
    again = {(row.test, row.condition) for row in new}
    return (*(row for row in old if (row.test, row.condition) not in again), *new)


def write_outcomes(path: Path, rows: Iterable[Outcome], about: Mapping[str, Any]) -> int:
    """Write rows and return how many. Raises MissingExtra, and DataError when there are none."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    data = [asdict(row) for row in rows]
    if not data:
        raise DataError("There is nothing to write: no item of the protocol was scored.")
    metadata = {"unmask.about": json.dumps(dict(about), sort_keys=True)}
    table = pa.Table.from_pylist(data, schema=_schema().with_metadata(metadata))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    pq.write_table(table, part, compression="zstd")
    part.replace(path)
    return len(data)


def read_outcomes(path: Path) -> Outcomes:
    """Read rows back. Raises DataError when the file is missing or lacks a column."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    if not path.is_file():
        raise DataError(
            f"There are no outcomes at {path}. "
            f"Run: unmask bench run {path.parent.name} --detector {path.stem}"
        )
    table = pq.read_table(path)
    names = [part.name for part in fields(Outcome)]
    if missing := [name for name in names if name not in table.column_names]:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}. Run the protocol again.")
    about = json.loads((table.schema.metadata or {}).get(b"unmask.about", b"{}"))
    rows = tuple(_outcome(row) for row in table.select(names).to_pylist())
    return Outcomes(rows, {"detector": path.stem, "protocol": path.parent.name, **about})


_LISTS = tuple(part.name for part in fields(Outcome) if str(part.type).startswith("tuple"))
_NESTED = ("segments", "proposals")


def _outcome(row: dict[str, Any]) -> Outcome:
    for name in _LISTS:
        row[name] = tuple(tuple(v) for v in row[name]) if name in _NESTED else tuple(row[name])
    return Outcome(**row)


def _schema() -> Any:
    import pyarrow as pa

    def kind(name: str, told: str) -> Any:
        if name in _NESTED:
            return pa.list_(pa.list_(pa.float64()))
        if told.startswith("tuple"):
            return pa.list_(pa.int64() if "int" in told else pa.float64())
        return {"int": pa.int64(), "float": pa.float64()}.get(told, pa.string())

    return pa.schema([(part.name, kind(part.name, str(part.type))) for part in fields(Outcome)])
