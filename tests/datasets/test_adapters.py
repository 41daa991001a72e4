"""Every known dataset, found by listing: its tiny copy becomes a manifest, its gaps are errors."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import unmask
from unmask.datasets.adapter import adapter, adapters
from unmask.datasets.manifest import KINDS, Item, checked, read_manifest, write_manifest
from unmask.datasets.splits import crossing
from unmask.errors import DataError, UnknownName

SAID = (
    "family", "generator", "mask", "original", "segments", "box", "types", "tokens", "question",
    "answer", "choices", "also", "session",
)  # fmt: skip
"""What a dataset says beyond the label: where one does, its copy's expectations name it."""
PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def tiny(name: str) -> ModuleType:
    return importlib.import_module(f"tiny.{name.replace('-', '_')}")


@pytest.fixture(params=adapters())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(name: str, tmp_path: Path) -> Path:
    tiny(name).make(tmp_path / name)
    return tmp_path / name


def test_the_promised_datasets_are_found() -> None:
    found = set(adapters())
    assert len(found) >= 20
    assert {"faceforensics", "celeb-df-v2", "dfdc", "asvspoof2019-la", "dgm4"} <= found
    folder = Path(unmask.__file__).parent / "datasets" / "adapters"
    assert {p.stem for p in folder.glob("*.py")} - {"__init__"} == {
        type(adapter(name)).__module__.rpartition(".")[2] for name in found
    }


def test_it_says_what_it_is(name: str) -> None:
    one = adapter(name)
    for part in ("title", "licence", "citation", "url", "splits", "layout"):
        assert len(getattr(one, part)) > 3, part
    assert one.url.startswith("https://")
    assert one.name == name
    assert set(one.kinds) <= set(KINDS)
    assert one.labels in ((0,), (1,), (0, 1))


def test_it_is_documented(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{name}`" in text
    assert adapter(name).title in text


def test_its_tiny_copy_becomes_a_checked_manifest(name: str, root: Path) -> None:
    manifest = adapter(name).build(root)
    assert checked(manifest.items) == manifest.items
    assert len(manifest) == tiny(name).COUNT
    assert {item.label for item in manifest} == set(adapter(name).labels)
    assert {item.kind for item in manifest} == set(adapter(name).kinds)
    assert all(manifest.file(item).is_file() for item in manifest)
    assert all((root / item.mask).is_file() for item in manifest if item.mask)
    assert all((root / item.original).is_file() for item in manifest if item.original)
    assert all((root / path).is_file() for item in manifest for path in item.also)
    assert all(item.text for item in manifest if item.kind == "text")
    assert all(item.group and item.source for item in manifest if item.label == 0)
    assert not any(item.generator or item.segments for item in manifest if item.label == 0)
    assert manifest.licence == adapter(name).licence


def test_labels_splits_groups_and_places_are_right(name: str, root: Path) -> None:
    items = adapter(name).build(root).items
    named = {part for wanted in tiny(name).EXPECTED.values() for part in wanted}
    assert {"label", *(p for p in SAID if any(getattr(item, p) for item in items))} <= named
    assert tiny(name).MISSING
    known = {item.path: item for item in items} | {item.item_id: item for item in items}
    for path, wanted in tiny(name).EXPECTED.items():
        item = known[path]
        free = not adapter(name).official or adapter(name).carves_val
        for part, value in wanted.items():
            if part == "split" and value == "train" and free:
                assert item.split in ("train", "val"), path
            else:
                assert getattr(item, part) == value, (path, part)


def test_no_group_crosses_splits_unless_a_note_says_so(name: str, root: Path) -> None:
    manifest = adapter(name).build(root)
    cut = crossing(manifest.items)
    assert bool(cut) == getattr(tiny(name), "SHARED", False)
    assert bool(cut) == any("share identities" in note for note in manifest.notes)


def test_it_is_the_same_twice_and_survives_the_file(name: str, root: Path) -> None:
    manifest = adapter(name).build(root)
    assert adapter(name).build(root) == manifest
    back = read_manifest(write_manifest(root / "manifest.parquet", manifest))
    assert back.items == manifest.items
    assert (back.notes, back.citation) == (manifest.notes, manifest.citation)
    assert {part.name for part in fields(Item)} == set(Item.__slots__)


def test_every_gap_is_a_clear_error(name: str, root: Path, tmp_path: Path) -> None:
    for place, message in tiny(name).MISSING.items():
        torn = tmp_path / "torn"
        shutil.copytree(root, torn)
        gone = torn / place
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        with pytest.raises(DataError) as caught:
            adapter(name).build(torn)
        said = str(caught.value)
        assert message in said, place
        assert adapter(name).url in said
        assert "\n" not in said
        shutil.rmtree(torn)


def test_a_folder_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        adapter(name).build(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="Get it from"):
        adapter(name).build(tmp_path / "empty")


def test_a_part_can_be_taken_knowingly(tmp_path: Path) -> None:
    tiny("faceforensics").make(tmp_path)
    (tmp_path / "manipulated_sequences/Deepfakes/c23/videos/000_003.mp4").unlink()
    manifest = adapter("faceforensics").build(tmp_path, partial=True)
    assert len(manifest) == tiny("faceforensics").COUNT - 1
    assert any("1 of 6 videos of manipulated_sequences/Deepfakes" in n for n in manifest.notes)


def without(name: str, root: Path, place: str) -> Path:
    """The tiny copy of a dataset without a file or folder."""
    tiny(name).make(root)
    gone = root / place
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    return root


WHOLE_PARTS = {
    "faceforensics": "manipulated_sequences/FaceSwap/c23/videos",
    "asvspoof2019-la": "ASVspoof2019_LA_train",
    "asvspoof5": "flac_T",
    "av-deepfake1m": "train",
    "celeb-df-v2": "YouTube-real",
    "deepspeak": "annotations-real.csv",
    "dfdc": "train/dfdc_train_part_0",
    "dgm4": "DGM4/metadata/train.json",
    "fakeclue": "data_json/train.json",
    "genimage": "ADM/train",
    "loki": "data_json/image/true_or_false.json",
    "mirage": "Human",
    "tweepfake": "data/splits/train.csv",
    "wilddeepfake": "real_train",
}


@pytest.mark.parametrize("name", WHOLE_PARTS)
def test_a_whole_part_that_is_absent_is_noted(name: str, tmp_path: Path) -> None:
    root = without(name, tmp_path / "data", WHOLE_PARTS[name])
    manifest = adapter(name).build(root, partial=True)
    assert 0 < len(manifest) < tiny(name).COUNT
    named = ("Partial: ", "Not there: ")
    assert any(note.startswith(named) for note in manifest.notes), manifest.notes
    with pytest.raises(DataError, match="missing"):
        adapter(name).build(root)


def test_nothing_at_all_is_no_part(tmp_path: Path) -> None:
    tiny("tweepfake").make(tmp_path)
    shutil.rmtree(tmp_path / "data")
    with pytest.raises(DataError, match=r"nothing of it is there.*train\.csv is missing"):
        adapter("tweepfake").build(tmp_path, partial=True)


def test_a_method_that_is_wholly_missing_is_named(call: Callable[..., Any], tmp_path: Path) -> None:
    root = without("faceforensics", tmp_path / "data", "manipulated_sequences/NeuralTextures")
    shutil.rmtree(root / "manipulated_sequences" / "FaceSwap" / "c40")
    code, made = call("data", "make", root, "--dataset", "faceforensics", "--out", tmp_path)
    assert code == 0
    assert made["notes"] == [
        "Not there: c40 of FaceSwap.",
        "Not there: 1 of 5 generators (NeuralTextures).",
    ]


def test_an_empty_list_is_a_broken_download(tmp_path: Path) -> None:
    tiny("in-the-wild").make(tmp_path)
    (tmp_path / "meta.csv").write_bytes(b"")
    with pytest.raises(DataError, match="broken download"):
        adapter("in-the-wild").build(tmp_path)


def test_cut_off_metadata_is_an_error(tmp_path: Path) -> None:
    tiny("lav-df").make(tmp_path)
    whole = (tmp_path / "metadata.min.json").read_text()
    (tmp_path / "metadata.min.json").write_text(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not whole JSON"):
        adapter("lav-df").build(tmp_path)


def test_a_list_that_is_not_as_published(tmp_path: Path) -> None:
    tiny("lav-df").make(tmp_path)
    (tmp_path / "metadata.min.json").write_text('[{"file": "train/000000.mp4"}]')
    with pytest.raises(DataError, match="not as published"):
        adapter("lav-df").build(tmp_path)


def test_a_strange_split_names_row_and_field(tmp_path: Path) -> None:
    tiny("lav-df").make(tmp_path)
    path = tmp_path / "metadata.min.json"
    path.write_text(path.read_text().replace('"train"', '"tarin"', 1))
    with pytest.raises(DataError, match=r"LAV-DF: train/\d+\.mp4: split is 'tarin'; known are"):
        adapter("lav-df").build(tmp_path)


def test_fakes_alone_can_be_taken_knowingly(tmp_path: Path) -> None:
    tiny("df40").make(tmp_path)
    shutil.rmtree(tmp_path / "Celeb-DF-v2")
    manifest = adapter("df40").build(tmp_path, partial=True)
    assert any("Celeb-DF-v2/Celeb-real/frames is missing" in note for note in manifest.notes)
    assert not any(item.label == 0 and item.source == "Celeb-DF-v2" for item in manifest)


def test_donors_that_link_everything_are_said(tmp_path: Path) -> None:
    module = tiny("fakeavceleb")
    module.make(tmp_path)
    table = tmp_path / "meta_data.csv"
    table.write_text(table.read_text().replace(",-,-,rtvc", ",id00000,-,rtvc"))
    manifest = adapter("fakeavceleb").build(tmp_path)
    assert any("Donor identities link" in note for note in manifest.notes)
    assert len({item.split for item in manifest}) > 1
    assert not crossing(manifest.items)
    assert {item.group for item in manifest} == {item.subject for item in manifest}


def test_an_unknown_name_is_answered() -> None:
    with pytest.raises(UnknownName, match="celeb-df-v2"):
        adapter("celeb-df")


def test_the_commands_list_show_and_make(call: Callable[..., Any], tmp_path: Path) -> None:
    code, listed = call("data", "list")
    assert code == 0
    assert [row["name"] for row in listed] == list(adapters())
    code, shown = call("data", "show", "dfdc")
    assert shown["url"] == adapter("dfdc").url
    tiny("in-the-wild").make(tmp_path)
    code, made = call(
        "data", "make", tmp_path, "--dataset", "in-the-wild", "--out", tmp_path / "m.parquet"
    )
    assert code == 0
    assert (made["items"], made["licence"]) == (2, adapter("in-the-wild").licence)
