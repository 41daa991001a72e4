"""Manifests of own data: a folder with two sides, a CSV, a JSONL."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unmask.datasets.folder import folder_manifest
from unmask.datasets.manifest import SPLITS, Item, Manifest, checked, read_manifest, write_manifest
from unmask.datasets.splits import FEW, crossing, place, scarce, split_all, split_off_val, united
from unmask.datasets.table import table_manifest
from unmask.errors import DataError, SettingError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def sides(root: Path, count: int = 60) -> Path:
    for i in range(count):
        touch(root / "real" / "camera" / f"{i:03}.png")
        touch(root / "fake" / "swap" / f"{i:03}.jpg")
    touch(root / "fake" / "loose.wav")
    touch(root / "fake" / "swap" / ".hidden.png")
    touch(root / "real" / "readme.txt")
    return root


def test_a_folder_gives_labels_generators_and_groups(tmp_path: Path) -> None:
    manifest = folder_manifest(sides(tmp_path))
    by_path = {item.path: item for item in manifest}
    assert len(manifest) == 121
    fake, real = by_path["fake/swap/007.jpg"], by_path["real/camera/007.png"]
    assert (fake.label, fake.generator, fake.group, fake.kind) == (1, "swap", "007", "image")
    assert (real.label, real.generator, real.source, real.group) == (0, "", "camera", "007")
    assert by_path["fake/loose.wav"].kind == "audio"
    assert by_path["fake/loose.wav"].generator == ""


def test_splits_are_deterministic_and_cut_no_group(tmp_path: Path) -> None:
    first = folder_manifest(sides(tmp_path))
    assert first.items == folder_manifest(tmp_path).items
    assert not crossing(first)
    assert {item.split for item in first} == {"train", "val", "test"}
    other = folder_manifest(tmp_path, seed=1)
    assert [i.split for i in first] != [i.split for i in other]


def many(count: int) -> list[Item]:
    """So many real and so many forged pictures, each a group of its own."""
    return [
        Item(f"{label} {i}", f"{label} {i}", f"{i}.png", "image", label, group=f"{label} {i}")
        for label in (0, 1)
        for i in range(count)
    ]


def test_a_new_file_moves_no_other_of_a_large_collection() -> None:
    before = {item.item_id: item.split for item in split_all(many(FEW))}
    after = {item.item_id: item.split for item in split_all(many(FEW + 1))}
    assert before.items() <= after.items()


@pytest.mark.parametrize(("count", "held"), [(3, 1), (10, 1), (40, 4), (200, 20)])
def test_small_collections_are_split_class_by_class(count: int, held: int) -> None:
    items = split_all(many(count))
    counts = Counter((item.split, item.label) for item in items)
    assert {counts[part, label] for part in ("val", "test") for label in (0, 1)} == {held}
    assert counts["train", 0] == counts["train", 1] == count - 2 * held
    one_more = [i for i in split_all(many(count + 1)) if i.item_id in {j.item_id for j in items}]
    moved = {i.item_id for i in items} & {
        new.item_id for new, old in zip(sorted(one_more, key=lambda i: i.item_id),
                                        sorted(items, key=lambda i: i.item_id), strict=True)
        if new.split != old.split
    }  # fmt: skip
    assert len(moved) <= 4  # one at each edge of each class


@pytest.mark.parametrize("shares", [(0, 0, 1), (1, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5)])
def test_a_share_of_nothing_gets_nothing(shares: tuple[float, ...]) -> None:
    for count in (1, 2, 3, 41):
        there = {item.split for item in split_all(many(count), shares)}
        wanted = {part for part, share in zip(SPLITS, shares, strict=True) if share}
        assert there <= wanted
        assert count < 3 or there == wanted


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("segments", "[[3, 1]]", "segments holds 3 to 1 s"),
        ("segments", "[[-2, 1]]", "segments holds -2 to 1 s"),
        ("box", "[1, 2, 3]", "box is"),
        ("face", "[1, 2, 3, -4]", "face is"),
        ("tokens", "[4, -1]", "tokens holds -1"),
        ("split", "weird", "split is 'weird'"),
    ],
)
def test_a_value_that_cannot_be_names_row_and_field(
    tmp_path: Path, field: str, value: str, why: str
) -> None:
    touch(tmp_path / "a.png")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerows([["path", "label", field], ["a.png", "fake", value]])
    with pytest.raises(DataError, match=rf"^t\.csv, row 2: {re.escape(why)}"):
        table_manifest(tmp_path / "t.csv")


def test_an_original_lies_in_the_folder_and_is_of_a_fake(tmp_path: Path) -> None:
    forged = Item("f", "f", "f.png", "image", 1, original="r.png")
    assert checked([forged]) == (forged,)
    with pytest.raises(DataError, match="inside the folder"):
        checked([replace(forged, original="../r.png")])
    with pytest.raises(DataError, match="only forged items do"):
        checked([replace(forged, label=0)])
    (tmp_path / "f.png").write_bytes(b"")
    table = tmp_path / "own.csv"
    table.write_text("path,label,original\nf.png,1,r.png\n")
    with pytest.raises(DataError, match=r"first 'r\.png'"):
        table_manifest(table)


def test_a_manifest_is_not_read_with_a_stretch_that_ends_before_it_starts() -> None:
    item = replace(many(1)[0], segments=((3.0, 1.0),))
    with pytest.raises(DataError, match="0 0: segments holds 3 to 1 s"):
        checked([item])


def test_parts_with_few_of_a_class_are_told(call: Callable[..., Any], tmp_path: Path) -> None:
    for number in range(40):
        touch(tmp_path / "real" / f"r{number}.png")
        touch(tmp_path / "fake" / "swap" / f"f{number}.png")
    code, made = call("data", "make", tmp_path, "--out", tmp_path)
    assert code == 0
    assert made["splits"] == {
        "test forged": 4, "test real": 4, "train forged": 32, "train real": 32,
        "val forged": 4, "val real": 4,
    }  # fmt: skip
    told = [note for note in made["notes"] if "uncertain" in note]
    assert [note.partition(":")[0] for note in told] == [
        "val holds 4 real and 4 forged items", "test holds 4 real and 4 forged items",
    ]  # fmt: skip
    assert not scarce(split_all(many(400)))


def test_shares_are_met_and_checked() -> None:
    items = [Item(str(i), str(i), f"{i}.png", "image", 0, group=str(i)) for i in range(4000)]
    count = defaultdict(int)
    for item in split_all(items, (0.5, 0.2, 0.3)):
        count[item.split] += 1
    assert abs(count["train"] - 2000) < 120
    assert abs(count["test"] - 1200) < 120
    with pytest.raises(SettingError, match="sum to 1"):
        split_all(items, (0.5, 0.2, 0.2))


@given(st.text(max_size=30), st.integers(0, 5))
def test_places_lie_in_the_unit_interval(group: str, seed: int) -> None:
    assert 0 <= place(group, seed) < 1


def test_frames_of_a_video_stay_together(tmp_path: Path) -> None:
    for video in ("a", "b"):
        for frame in range(4):
            touch(tmp_path / "real" / video / f"{frame:04}.png")
            touch(tmp_path / "fake" / "swap" / video / f"{frame:04}.png")
    plain = folder_manifest(tmp_path)
    assert "--frames" in plain.notes[0]
    taken = folder_manifest(tmp_path, frames=True)
    assert {item.group for item in taken} == {"a", "b"}
    assert {i.media_id for i in taken if i.label} == {"fake/swap/a", "fake/swap/b"}
    assert {i.generator for i in taken if i.label} == {"swap"}
    assert not crossing(taken)


@pytest.mark.parametrize("side", ["real", "fake"])
def test_a_missing_or_empty_side_is_an_error(tmp_path: Path, side: str) -> None:
    other = "fake" if side == "real" else "real"
    touch(tmp_path / other / "a.png")
    if side == "real":
        with pytest.raises(DataError, match="no folder 'real'"):
            folder_manifest(tmp_path)
    else:
        assert "real files alone" in folder_manifest(tmp_path).notes[0]
    (tmp_path / side).mkdir()
    with pytest.raises(DataError, match="holds no picture"):
        folder_manifest(tmp_path)


def test_united_follows_chains_of_identities() -> None:
    groups = ["a+b", "b+c", "x", "c", "y+z"]
    items = [Item(str(i), "", "p", "video", 0, group=g) for i, g in enumerate(groups)]
    assert [i.group for i in united(items)] == ["a+b+c", "a+b+c", "x", "a+b+c", "y+z"]
    many = [Item(str(i), "", "p", "video", 0, group=f"{i}+{i + 1}") for i in range(6)]
    assert {i.group for i in united(many)} == {"0+6"}


def test_validation_is_split_off_training_only() -> None:
    items = [
        Item(str(i), "", "p", "image", 0, group=str(i // 2), split="train" if i < 80 else "test")
        for i in range(100)
    ]
    rows = split_off_val(items)
    assert {r.split for r in rows[:80]} == {"train", "val"}
    assert {r.split for r in rows[80:]} == {"test"}
    assert not crossing(rows)
    assert split_off_val(rows) == rows
    lonely = [Item("1", "", "p", "image", 0, group="g")]
    assert split_off_val(lonely) == tuple(lonely)


def test_validation_has_both_classes_or_is_not_made() -> None:
    linked = [
        Item(str(i), "", "p", "video", int(i < 90), group="all" if i < 90 else str(i))
        for i in range(100)
    ]
    assert {row.split for row in split_off_val(linked)} == {"train"}
    reals = [replace(row, split="val") for row in linked if row.label == 0]
    fakes = [Item(f"f{i}", "", "p", "video", i % 2, group=f"f{i // 2}") for i in range(200)]
    rows = split_off_val([*reals, *fakes])
    assert {row.label for row in rows if row.split == "val"} == {0, 1}
    assert {row.label for row in rows if row.split == "train"} == {0, 1}


def test_a_csv_with_every_kind_of_cell(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4")
    touch(tmp_path / "b.png")
    with (tmp_path / "t.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "method", "segments", "tokens", "split", "box", "extra"])
        table.writerow(["a.mp4", "fake", "Wav2Lip", "[[0.5, 1]]", "[3]", "dev", "[1,2,3,4]", "?"])
        table.writerow(["b.png", "0", "Canon", "", "", "train", "", ""])
    fake, real = table_manifest(tmp_path / "t.csv")
    assert (fake.label, fake.kind, fake.generator, fake.split) == (1, "video", "Wav2Lip", "test")
    assert fake.segments == ((0.5, 1.0),)
    assert fake.tokens == (3,)
    assert fake.box == (1.0, 2.0, 3.0, 4.0)
    assert (real.generator, real.group, real.media_id) == ("", "b", "b.png")


def test_a_jsonl_with_train_and_dev(tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        touch(tmp_path / "x" / f"{i}.flac")
        rows.append(
            {
                "path": f"x/{i}.flac", "kind": "audio", "label": "fake" if i % 2 else "real",
                "method": "m", "family": "tts", "group": f"g{i // 2}", "subject": "s",
                "source": "lab", "split": "dev" if i > 50 else "train", "seconds": 2.2,
            }
        )  # fmt: skip
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    manifest = table_manifest(tmp_path / "m.jsonl")
    assert {i.split for i in manifest} == {"train", "val", "test"}
    assert all(i.split == "test" for i in manifest if int(Path(i.path).stem) > 50)
    assert not crossing([i for i in manifest if i.split != "test"])
    assert {i.generator for i in manifest} == {"m", ""}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"path": "a.png"}, "no 'label'"),
        ({"path": "a.png", "label": "maybe"}, "label is 'maybe'"),
        ({"path": "a.png", "label": 1, "split": "some"}, "split is 'some'"),
        ({"path": "gone.png", "label": 1}, "1 of 1 files"),
        ({"path": "a.xyz", "label": 1}, "kind of 'a.xyz'"),
        ({"path": "a.png", "label": 1, "segments": "one"}, "give a JSON list"),
        ({"path": "../a.png", "label": 1}, "must lie inside|missing"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=message):
        table_manifest(tmp_path / "t.jsonl")


def test_a_torn_jsonl_is_named_by_its_row(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "t.jsonl").write_text('{"path": "a.png", "label": 0}\n{"path": ')
    with pytest.raises(DataError, match="row 2 is not JSON"):
        table_manifest(tmp_path / "t.jsonl")


def test_notes_survive_the_file(tmp_path: Path) -> None:
    item = Item("1", "1", "a.png", "image", 0)
    path = write_manifest(
        tmp_path / "m.parquet", Manifest(tmp_path, (item,), "n", notes=("one", "two — ü"))
    )
    assert read_manifest(path).notes == ("one", "two — ü")


def test_the_command_makes_and_shows(tmp_path: Path, call: Callable[..., Any]) -> None:
    sides(tmp_path / "data")
    code, made = call("data", "make", tmp_path / "data", "--out", tmp_path / "m", "--name", "own")
    assert code == 0
    assert made["items"] == 121
    assert call("data", "show", "dragon")[1]["classes"] == ["forged"]
    assert call("data", "show", "wavefake")[1]["classes"] == ["real", "forged"]
    code, shown = call("data", "show", tmp_path / "m")
    assert code == 0
    assert (shown["name"], shown["generators"]) == ("own", {"(none)": 1, "swap": 60})
    manifest = read_manifest(tmp_path / "m")
    assert all(manifest.file(item).is_file() for item in manifest)


def test_the_command_says_what_is_wrong(tmp_path: Path, call: Callable[..., Any]) -> None:
    code, said = call("data", "make", tmp_path / "none", "--out", tmp_path / "m")
    assert code == 4
    assert "neither a folder nor" in said
    code, said = call("data", "make", tmp_path, "--out", tmp_path / "m", "--dataset", "ff")
    assert code == 4
    assert "No dataset is called 'ff'" in said
