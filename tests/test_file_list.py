"""Lists of files to judge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from unmask.errors import SettingError
from unmask.file_list import read_list


def test_text_and_table_name_files_from_their_folder(tmp_path: Path) -> None:
    wanted = [str(tmp_path / "a.jpg"), "/else/b.jpg", "s3://bucket/c.jpg"]
    text = tmp_path / "list.txt"
    text.write_bytes(b"a.jpg\n\n/else/b.jpg\r\ns3://bucket/c.jpg\n")
    assert read_list(text) == wanted
    table = tmp_path / "list.csv"
    table.write_text("label,path\n0,a.jpg\n1,/else/b.jpg\n,s3://bucket/c.jpg\n")
    assert read_list(table) == wanted


def test_a_manifest_names_files_from_its_own_root(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs: pip install 'unmask[parquet]'")
    import pyarrow.parquet as pq

    rows = pa.table({"path": ["a/1.jpg"], "label": [0]})
    pq.write_table(rows.replace_schema_metadata({"unmask.root": "/data"}), tmp_path / "m.parquet")
    assert read_list(tmp_path / "m.parquet") == ["/data/a/1.jpg"]
    pq.write_table(rows, tmp_path / "plain.parquet")
    assert read_list(tmp_path / "plain.parquet") == [str(tmp_path / "a/1.jpg")]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("none.txt", None, "cannot be read"),
        ("empty.txt", b"\n \n", "names no files"),
        ("other.csv", b"file\na.jpg\n", "no column 'path'"),
        ("torn.parquet", b"PAR1 torn", "not a readable Parquet"),
    ],
)
def test_what_is_no_list_is_said(tmp_path: Path, name: str, body: bytes | None, why: str) -> None:
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(SettingError, match=why):
        read_list(tmp_path / name)


def test_a_scan_judges_what_a_list_names(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.jpg\nb.jpg\n")
    words = [sys.executable, "-m", "unmask", "scan", "--from", str(tmp_path / "list.txt"), "--json"]
    done = subprocess.run([*words, "--jobs", "1"], capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["path"] for row in rows} == {str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")}
    assert all("does not exist" in row["error"]["message"] for row in rows)
