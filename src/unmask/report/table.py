"""Many results as one flat table: a row a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from unmask.errors import MissingExtra, OutputError

_COLUMNS = {
    "path": "string", "sha256": "string", "kind": "string", "bytes": "int64", "width": "int64",
    "height": "int64", "media_seconds": "double", "label": "string", "probability": "double",
    "llr": "double", "fpr": "double", "reason": "string", "strongest_claim": "string",
    "findings": "int64", "not_checked": "int64", "error": "string", "error_kind": "string",
    "skipped": "string",
}  # fmt: skip
_ROWS = 10_000


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A report's record, or an error's, as one row of plain columns."""
    media, verdict = record.get("media") or {}, record.get("verdict") or {}
    error = record.get("error") or {}
    findings = record.get("findings") or []
    strongest = max(findings, key=lambda row: row["llr"] or float("-inf"), default=None)
    return {
        "path": record["path"],
        "sha256": media.get("sha256"),
        "kind": media.get("kind"),
        "bytes": media.get("bytes"),
        "width": media.get("width"),
        "height": media.get("height"),
        "media_seconds": media.get("seconds"),
        "label": verdict.get("label"),
        "probability": verdict.get("probability"),
        "llr": verdict.get("llr"),
        "fpr": verdict.get("fpr"),
        "reason": verdict.get("reason"),
        "strongest_claim": strongest["claim"] if strongest else None,
        "findings": len(findings),
        "not_checked": len(record.get("not_checked") or []),
        "error": error.get("message"),
        "error_kind": error.get("kind"),
        "skipped": (record.get("skipped") or {}).get("why"),
    }


def write_table(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write records as Parquet and return how many; some rows at a time are held.

    Raises MissingExtra, OutputError.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _COLUMNS.items()])
    rows, count = map(flat, records), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            while part := list(islice(rows, _ROWS)):
                writer.write_table(pa.Table.from_pylist(part, schema))
                count += len(part)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}.") from error
    return count
