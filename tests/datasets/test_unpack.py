"""Archives and tables that hold media become files; hostile ones are refused and leave nothing."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from unmask.datasets.unpack import unpack
from unmask.errors import DataError


def png(colour: int = 0) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(kept, "PNG")
    return kept.getvalue()


def tar(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 3) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size if kind == tarfile.REGTYPE else 0
    info.linkname = "/etc/passwd"
    return info


def nothing(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def test_archives(tmp_path: Path) -> None:
    made = unpack(tar(tmp_path / "a.tar", member("x/1.png"), member("2.png")), tmp_path / "out")
    assert (made.files, made.folder) == (2, tmp_path / "out" / "a")
    assert (made.folder / "x/1.png").read_bytes() == bytes(3)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x/1.txt", "hello")
    assert (unpack(tmp_path / "b.zip", tmp_path / "out").folder / "x/1.txt").read_text() == "hello"
    with pytest.raises(DataError, match="not empty"):
        unpack(tmp_path / "b.zip", tmp_path / "out")


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "C:/evil", "..\\evil"])
def test_a_place_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="outside its folder"):
        unpack(tar(tmp_path / "a.tar", member("ok.png"), member(name)), tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(name, "x")
    if zipfile.ZipFile(tmp_path / "b.zip").namelist()[0] == name:
        with pytest.raises(DataError, match="outside its folder"):
            unpack(tmp_path / "b.zip", tmp_path / "out")
    assert nothing(tmp_path / "out")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(DataError, match="link or a device"):
        unpack(tar(tmp_path / "a.tar", member("evil", kind)), tmp_path / "out")
    assert nothing(tmp_path / "out")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(70 << 20))
    with pytest.raises(DataError, match="as no media do"):
        unpack(tmp_path / "b.zip", tmp_path / "out")


def test_cut_off_archives_are_refused(tmp_path: Path) -> None:
    whole = tar(tmp_path / "a.tar", member("x.png", size=5000)).read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[:3000])
    with pytest.raises(DataError):
        unpack(tmp_path / "a.tar", tmp_path / "out")
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(DataError, match="Get it again"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    assert nothing(tmp_path / "out")


def test_media_in_a_parquet_file(tmp_path: Path) -> None:
    rows = [
        {"image": {"bytes": png(), "path": "../../a.jpg"}, "label": 1, "text": "__import__('os')"},
        {"image": {"bytes": b"what is it", "path": "b.exe"}, "label": 0, "text": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    made = unpack(tmp_path / "t.parquet", tmp_path / "out")
    read = [json.loads(line) for line in (made.folder / "rows.jsonl").read_text().splitlines()]
    assert (made.files, made.rows) == (2, 2)
    assert read[0] == {"image": "image/0000000.png", "label": 1, "text": "__import__('os')"}
    assert read[1]["image"] == "image/0000001.bin"
    assert (made.folder / "image/0000000.png").read_bytes() == png()


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    table = pa.table({f"c{i}": [1] for i in range(1001)})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="1001 columns"):
        unpack(tmp_path / "t.parquet", tmp_path / "out")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="not a readable Parquet"):
        unpack(tmp_path / "bad.parquet", tmp_path / "out")


def test_pictures_in_a_tsv_file(call: Callable[..., Any], tmp_path: Path) -> None:
    cell = base64.b64encode(png(9) * 3).decode()
    lines = ["index\timage\tquestion", f"0\t{cell}\tIs it real?", "1\t0\tAnd now?"]
    (tmp_path / "q.tsv").write_text("\n".join(lines) + "\n")
    code, made = call("data", "unpack", tmp_path / "q.tsv", "--out", tmp_path / "out")
    assert (code, made[0]["files"], made[0]["rows"]) == (0, 1, 2)
    read = [json.loads(line) for line in (tmp_path / "out/q/rows.jsonl").read_text().splitlines()]
    assert read[0]["image"] == "image/0000000.png"
    assert read[1] == {"index": "1", "image": "0", "question": "And now?"}
    (tmp_path / "bad.tsv").write_text(f"index\timage\n0\t{'!' * 90}\n")
    code, said = call("data", "unpack", tmp_path / "bad.tsv", "--out", tmp_path / "out")
    assert code == 4
    assert "no base64" in said
