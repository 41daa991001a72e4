"""Stored predictions: one Parquet file a detector, from which every number is computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from unmask.errors import DataError, MissingExtra


@dataclass(frozen=True, slots=True)
class Prediction:
    """The score of one item under one condition.

    ``label``: 1 forged, 0 real. ``protocol``: ``dev`` (the development split of the shipped
    weights), ``loso:SOURCE`` (weights trained without that source, scored on it and its
    counterpart), ``real-vs-real:A|B`` (two real sources; B carries label 1, so an AUC far from
    one half tells that the detector sees the source), ``calibration`` (the items that calibration
    and thresholds were fitted on). ``condition`` is ``clean`` or a laundering with its strength
    ("jpeg:50"). ``group`` is the identity or utterance that splits never cut; ``media_id`` the
    file that a frame or window belongs to. ``localization`` is an IoU or a boundary error in
    seconds where the item has a known place, else NaN.
    """

    item_id: str
    media_id: str
    group: str
    source: str
    label: int
    family: str
    claim: str
    protocol: str
    condition: str
    score: float
    gender: str = ""
    age_band: str = ""
    ethnicity: str = ""
    localization: float = float("nan")


def write_predictions(path: Path, rows: Iterable[Prediction]) -> int:
    """Write rows (slots as columns) and return how many."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    data = [asdict(row) for row in rows]
    table = pa.Table.from_pylist(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
    return len(data)


def read_predictions(path: Path) -> list[Prediction]:
    """Read rows back. Raises DataError when the file is missing or lacks a column."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    if not path.exists():
        raise DataError(f"There are no predictions at {path}. Run: unmask bench predict")
    table = pq.read_table(path)
    missing = {field.name for field in fields(Prediction)} - set(table.column_names)
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(sorted(missing))}.")
    return [Prediction(**row) for row in table.to_pylist()]
