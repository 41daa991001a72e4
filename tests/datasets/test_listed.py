"""Datasets that the user lists in a table: what the table may not say."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from unmask.datasets.adapter import adapter
from unmask.errors import DataError


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("tt-df", "real/dance1.mp4,real,", "real/dance1.mp4,maybe,", "label is 'maybe'"),
        ("tt-df", "real,,test,", "real,,holdout,", "row 3: split is 'holdout'"),
        ("tt-df", "fake,MagicAnimate,", "fake,,", "row 5: a forged item needs a generator"),
        ("tt-df", "test,c40,", "test,,", "a forged item needs a condition"),
        ("tt-df", ",split,", ",part,", "items.csv has no column 'split'"),
        ("tt-df", "real/dance1.mp4", "../dance1.mp4", "does not lie inside the folder"),
        ("fakehumanvid", "audio-driven", "lip-sync", "family is 'lip-sync'; it has pose-driven"),
        ("sr-df", "fake,IcFace", "fake,DeepFaceLab", "generator is 'DeepFaceLab'; it has FSGAN"),
        ("diffusion-deepfake", "fake,Midjourney", "fake,Stable Diffusion", "are not of Stable"),
        ("diffusion-deepfake", "real/a.jpg", "real/a.mp4", "real/a.mp4 is no image"),
        ("wild", "fake,SG1,test", "fake,SG1,train", "SG1 is of the open set, and must be test"),
        ("wild", "0.png,fake,ADF", "0.png,real,ADF", "WILD holds no real pictures"),
        ("wild", "fake,ADF,", "fake,XYZ,", "generator is 'XYZ'"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    name: str, old: str, new: str, said: str, tmp_path: Path
) -> None:
    importlib.import_module(f"tiny.{name.replace('-', '_')}").make(tmp_path)
    table = tmp_path / "items.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    if (moved := new.split(",")[0]).startswith("real/"):
        (tmp_path / moved).write_bytes(b"tiny")
    with pytest.raises(DataError, match=said):
        adapter(name).build(tmp_path)


def test_a_part_without_masks_says_nothing_of_labels(tmp_path: Path) -> None:
    importlib.import_module("tiny.realtext").make(tmp_path)
    for path in (tmp_path / "stage1_test" / "mask").rglob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match="which say which pictures are forged"):
        adapter("realtext").build(tmp_path)
    made = adapter("realtext").build(tmp_path, partial=True)
    assert {item.path.split("/")[0] for item in made} == {"train"}
    assert any("Left out: stage1_test" in note for note in made.notes)


def test_the_boxes_of_a_clip_are_in_its_pixels(tmp_path: Path) -> None:
    from unmask.datasets.adapters.fanvid import boxes
    from unmask.datasets.on_disk import DatasetFolder
    from unmask.types import Box

    importlib.import_module("tiny.fanvid").make(tmp_path)
    found = boxes(DatasetFolder(tmp_path, "t", "https://example.org", "a"), "plates")
    assert [(one.clip, one.frame, one.told) for one in found] == [
        ("0", 3, "AB12"), ("1", 3, "CD34"), ("2", 3, "AB12"),
    ]  # fmt: skip
    assert found[0].box == Box(10, 20, 20, 30)
