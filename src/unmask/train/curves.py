"""What a run leaves to read: ``log.jsonl``, ``curves.parquet`` and a TensorBoard file.

``log.jsonl`` holds one line a validation. ``curves.parquet`` holds one row a point: ``samples``
(seen so far), ``name`` ("train/loss", "val/auc" …) and ``value``; TensorBoard shows the same. A run
that goes on after a stop leaves no point twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unmask.errors import MissingExtra

Row = tuple[int, str, float]


class Curves:
    """The curves of one run in the folder ``out``, from sample ``done`` on."""

    def __init__(self, out: Path, done: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtra("Training (the package 'tensorboard')", "train") from None
        self._log = out / "log.jsonl"
        self._table = out / "curves.parquet"
        self._rows: list[Row] = [row for row in _rows(self._table) if row[0] <= done]
        _cut(self._log, done)
        self._board = SummaryWriter(str(out / "tensorboard"), purge_step=done + 1)

    def add(self, samples: int, part: str, values: Mapping[str, float]) -> None:
        """A point of each value, under ``part`` ("train" or "val")."""
        for name, value in values.items():
            self._rows.append((samples, f"{part}/{name}", float(value)))
            self._board.add_scalar(f"{part}/{name}", value, samples)

    def line(self, values: Mapping[str, Any]) -> None:
        """A line of the log; everything added so far is written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(values) + "\n")
        samples, names, numbers = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        table = pa.table(
            {
                "samples": pa.array(samples, pa.int64()),
                "name": pa.array(names, pa.string()),
                "value": pa.array(numbers, pa.float64()),
            }
        )
        part = self._table.with_name(f"{self._table.name}.part")
        pq.write_table(table, part, compression="zstd")
        part.replace(self._table)
        self._board.flush()

    def close(self) -> None:
        """Finish the TensorBoard file."""
        self._board.close()


def _rows(path: Path) -> list[Row]:
    import pyarrow.parquet as pq

    if not path.is_file():
        return []
    columns = pq.read_table(path).to_pydict()
    return list(zip(columns["samples"], columns["name"], columns["value"], strict=True))


def _cut(log: Path, done: int) -> None:
    """Drop the lines after sample ``done``, and one that was not written to its end."""
    if not log.is_file():
        return
    kept = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["samples"] <= done:
                kept.append(line + "\n")
        except (ValueError, KeyError):
            continue
    log.write_text("".join(kept), encoding="utf-8")
