"""What a stranger's download may hold: no table runs, leads outside, or fills the memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import dump, files, text

from unmask.datasets.adapter import adapter
from unmask.datasets.on_disk import DatasetFolder
from unmask.errors import DataError


def folder(root: Path, partial: bool = False) -> DatasetFolder:
    return DatasetFolder(root, "Tiny", "https://example.org", "a.csv", partial)


@pytest.mark.parametrize("place", ["/etc/passwd", "../a.png", "x/../../a.png", "C:\\a.png", ""])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(DataError, match="does not lie inside the folder"):
        folder(tmp_path).present([place], "pictures")


def test_a_table_of_endless_columns_is_refused(tmp_path: Path) -> None:
    text(tmp_path, "a.csv", [",".join(f"c{i}" for i in range(100_000))])
    with pytest.raises(DataError, match="100000 columns"):
        list(folder(tmp_path).table("a.csv", ("c0",)))


def test_a_cell_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('c0\n"' + "x" * 200_000)
    with pytest.raises(DataError, match="is not a table"):
        list(folder(tmp_path).table("a.csv", ("c0",)))
    text(tmp_path, "b.csv", ["c0,c1", "only one"])
    with pytest.raises(DataError, match="cut off"):
        list(folder(tmp_path).table("b.csv", ("c0",)))


def test_cells_may_hold_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a;b\n"one\ntwo";3\n')
    assert list(folder(tmp_path).table("a.csv", ("a",), ";")) == [{"a": "one\ntwo", "b": "3"}]


def test_json_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="not whole JSON"):
        folder(tmp_path).json("a.json")
    text(tmp_path, "b.jsonl", ['{"a": 1}', "", "{oops"])
    rows = folder(tmp_path).json_lines("b.jsonl")
    assert next(rows) == {"a": 1}
    with pytest.raises(DataError, match="line 3 is not whole JSON"):
        next(rows)


def test_text_that_looks_like_code_stays_text(tmp_path: Path) -> None:
    rows = ["content_path,label,frame_seq", "fake/x/1,1,__import__('os').getcwd()"]
    text(tmp_path, "datasets/train.csv", rows)
    with pytest.raises(DataError, match="not as published"):
        adapter("genvideo").build(tmp_path)


def test_an_error_is_one_short_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        folder(tmp_path).present(["a\n" * 5000], "pictures")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


def test_unfinished_downloads_are_said(tmp_path: Path) -> None:
    files(tmp_path, "a/1.png", "a/2.png.part", "a/.hidden.png")
    with pytest.raises(DataError, match=r"1 downloads in .* are not finished, first 2\.png\.part"):
        folder(tmp_path).media("a")
    taken = folder(tmp_path, partial=True)
    assert taken.media("a") == ("1.png",)
    assert "not finished" in taken.notes[0]


def test_an_archive_that_is_still_packed_is_said(tmp_path: Path) -> None:
    files(tmp_path, "train.zip")
    with pytest.raises(DataError, match=r"train\.zip is there: unpack it"):
        folder(tmp_path).need("train")


def test_a_folder_called_like_a_pattern_is_a_name(tmp_path: Path) -> None:
    files(tmp_path, "fake/de/{subject}/1.wav")
    text(tmp_path, "fake/de/{subject}/meta.csv", ["path", "1.wav"])
    items = adapter("mlaad").build(tmp_path).items
    assert [item.generator for item in items] == ["{subject}"]


def test_masks_that_are_missing_are_counted(tmp_path: Path) -> None:
    files(tmp_path, "X-Val/Au/COCO_1.png", "X-Val/Tp/MAT_Stuff_COCO_1.png")
    with pytest.raises(DataError, match="1 of 1 masks"):
        adapter("br-gen").build(tmp_path)
    files(tmp_path, "X-Val/Tp/MAT_Stuff_COCO_2.png", "X-Val/Gt/MAT_Stuff_COCO_2_mask.png")
    found = adapter("br-gen").build(tmp_path, partial=True)
    assert {item.mask != "" for item in found if item.label} == {True, False}
    assert any("1 of 2 masks" in note for note in found.notes)


def test_a_list_of_another_shape_is_an_error(tmp_path: Path) -> None:
    dump(tmp_path, "CC_annotations/CasualConversations.json", [1, 2])
    with pytest.raises(DataError, match="not as published"):
        adapter("casual-conversations").build(tmp_path)
