"""The signs of the encoder, of a head that met neither a file nor anything else of its source.

The head that ships was fitted on the very files that the decision rule is fitted on. So the rule is
not fitted on what it says of these, but on *cross-fitted* scores: the sources are dealt to a few
folds, and each fold is judged by a head fitted on the others (Stone 1974, "Cross-validatory
choice and assessment of statistical predictions").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from unmask.bench.whole.rows import FileRow
from unmask.errors import DataError

NAME = "encoder.parquet"
"""The file of cross-fitted scores beside the findings: ``item``, and a column a sign."""


def with_encoder(rows: Sequence[FileRow], folder: Path) -> list[FileRow]:
    """The rows, and each that a head judged once more with their signs."""
    signs = read_signs(folder / NAME)
    return [
        *rows,
        *(_looked(row, signs[row.item]) for row in rows if row.situation and row.item in signs),
    ]


def _looked(row: FileRow, signs: Mapping[str, float]) -> FileRow:
    return replace(row, signs=json.dumps(json.loads(row.signs) | dict(signs)))


def write_signs(path: Path, signs: Mapping[str, Mapping[str, float]]) -> None:
    """Store signs by item as Parquet; a sign that an item lacks is empty there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = sorted({name for one in signs.values() for name in one})
    rows = [
        {"item": item} | {name: one.get(name) for name in names}
        for item, one in sorted(signs.items())
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")


def read_signs(path: Path) -> dict[str, dict[str, float]]:
    """Read them back. Raises DataError when there are none."""
    import pyarrow.parquet as pq

    if not path.exists():
        raise DataError(
            f"There are no scores of the encoder at {path}. Run: unmask bench whole encode"
        )
    rows: Iterable[dict[str, float | str | None]] = pq.read_table(path).to_pylist()
    return {
        str(row["item"]): {
            name: float(value)
            for name, value in row.items()
            if name != "item" and value is not None
        }
        for row in rows
    }
