"""Results as a table: all columns, whatever the first records hold, some rows at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_samples as samples

from unmask.errors import OutputError, UnreadableMedia
from unmask.report import table
from unmask.report.json import error_dict, skipped_dict, to_dict

pytest.importorskip("pyarrow", reason="needs: pip install 'unmask[parquet]'")


def test_a_table_holds_all_that_a_row_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr(table, "_ROWS", 2)
    bad = error_dict("bad.jpg", UnreadableMedia("torn"))
    records = [
        bad,
        bad,
        skipped_dict("notes.txt", "text"),
        to_dict(samples.two_faces(), cards=samples.CARDS),
        bad,
    ]
    path = tmp_path / "new" / "out.parquet"
    assert table.write_table(iter(records), path) == 5
    assert pq.read_table(path).to_pylist() == [table.flat(record) for record in records]


def test_no_records_make_a_table_without_rows(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    assert table.write_table([], tmp_path / "out.parquet") == 0
    read = pq.read_table(tmp_path / "out.parquet")
    assert (read.num_rows, "path" in read.column_names) == (0, True)


def test_a_table_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        table.write_table([], tmp_path / "file" / "out.parquet")
