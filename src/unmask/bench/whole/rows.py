"""What scans found in whole files, stored: one Parquet row a file, from which all is computed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from unmask.datasets.whole_files.listing import Whole
from unmask.decision.evidence import Evidence, Situation, gather
from unmask.errors import DataError, MediaError, MissingExtra
from unmask.types import FLAGGED, Label, Report


@dataclass(frozen=True, slots=True)
class FileRow:
    """One whole file: what it is (see ``listing.Whole``) and what was found in it.

    ``signs`` and ``quality`` are JSON objects of numbers (see ``decision.evidence``). ``settled``:
    the label that a fact gives it by itself; ``doubt``: whether a fact raises one; ``withheld``:
    how many scores do not count. ``error``: why it could not be scanned; empty otherwise.
    """

    item: str
    kind: str
    label: str
    source: str
    group: str
    part: str
    family: str
    maker: str
    condition: str
    situation: str = ""
    faces: int = 0
    signs: str = "{}"
    quality: str = "{}"
    settled: str = ""
    doubt: bool = False
    withheld: int = 0
    error: str = ""

    @property
    def forged(self) -> bool:
        """Whether the file is forged."""
        return self.label == "fake"

    def evidence(self) -> Evidence:
        """The evidence as the scan gathered it."""
        return _evidence(self)


@lru_cache(maxsize=1 << 16)
def _evidence(row: FileRow) -> Evidence:
    signs = json.loads(row.signs)
    return Evidence(
        Situation(row.situation),
        signs,
        row.faces,
        dict.fromkeys(signs, 0),
        tuple(range(row.withheld)),
        json.loads(row.quality),
    )


def row_of(whole: Whole, found: Report | MediaError) -> FileRow:
    """The row of a scanned file, or of one that could not be."""
    plain = {
        field.name: getattr(whole, field.name)
        for field in fields(FileRow)
        if hasattr(whole, field.name)
    }
    if isinstance(found, MediaError):
        return FileRow(**plain, error=str(found))
    evidence = gather(found.media, found.findings)
    bearings = [finding.bearing for finding in found.findings]
    return FileRow(
        **plain,
        situation=evidence.situation.value,
        faces=evidence.faces,
        signs=_numbers(evidence.signs),
        quality=_numbers(evidence.quality),
        settled=next((label.value for label in FLAGGED if label in bearings), ""),
        doubt=Label.INCONCLUSIVE in bearings,
        withheld=len(evidence.withheld),
    )


def _numbers(values: object) -> str:
    return json.dumps(
        {key: round(value, 5) for key, value in dict(values).items()}  # type: ignore[call-overload]
    )


def scanned(files: Iterable[Whole], jobs: int) -> Iterator[FileRow]:
    """Scan files as a person would, in ``jobs`` processes; in the order in which they finish."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = [pool.submit(_scan, one) for one in files]
        for done in as_completed(waiting):
            yield done.result()


def _without_encoder() -> tuple[str, ...]:
    from unmask import registry
    from unmask.analyzers.encoder import EncoderAnalyzer

    return tuple(name for name in registry.analyzers() if name != EncoderAnalyzer.name)


def _scan(whole: Whole) -> FileRow:
    from unmask.scanning import scan

    try:
        return row_of(whole, scan(whole.path, threads=1, analyzers=_without_encoder()))
    except MediaError as error:
        return row_of(whole, error)


def write_rows(path: Path, rows: Iterable[FileRow]) -> int:
    """Write rows in the order of their items, and return how many."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Writing Parquet", "parquet") from None
    data = [asdict(row) for row in sorted(rows, key=lambda row: row.item)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(data), path, compression="zstd")
    return len(data)


def read_rows(path: Path) -> list[FileRow]:
    """Read rows back. Raises DataError when the file is missing or has other columns."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "parquet") from None
    if not path.exists():
        raise DataError(f"There are no stored findings at {path}. Run: unmask bench whole scan")
    table = pq.read_table(path)
    if set(table.column_names) != {field.name for field in fields(FileRow)}:
        raise DataError(f"{path} has other columns. Run again: unmask bench whole scan")
    return [FileRow(**row) for row in table.to_pylist()]
