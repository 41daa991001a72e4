from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unmask.bench.protocol import Protocol, read_protocol
from unmask.bench.selection import gather
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError


def items(source: str, splits: str = "train val test", kind: str = "image") -> list[Item]:
    return [
        Item(f"{source}-{s}-{label}-{n}", f"{source}-{s}-{label}-{n}", f"{source}/{n}.png", kind,
             label, source=source, split=s, group=f"{source}-{s}-{n}",
             generator="gan" if label else "")
        for s in splits.split() for label in (0, 1) for n in range(10)
    ]  # fmt: skip


def stored(folder: Path, name: str, rows: list[Item]) -> Path:
    return write_manifest(
        folder / name / "manifest.parquet", Manifest(folder / name, tuple(rows), name)
    )


def protocol(**more: object) -> Protocol:
    return Protocol.model_validate(
        {
            "name": "own", "title": "t", "source": "s", "kinds": ["image"], "metrics": ["auc"],
            "train": {"where": {"source": "a", "split": "train"}},
            "val": {"where": {"source": "a", "split": "val"}},
            "test": [
                {"name": "near", "where": {"source": "a", "split": "test"}},
                {"name": "far", "held_out": True, "where": {"source": "b"}},
            ],
        }
        | more
    )  # fmt: skip


def test_parts(tmp_path: Path) -> None:
    paths = [stored(tmp_path, "one", items("a")), stored(tmp_path, "two", items("b"))]
    found = gather(protocol(), paths, ["image"])
    assert len(found.fit.select(split="train")) == 20
    assert len(found.val) == 20
    assert {name: len(part) for name, part in found.tests.items()} == {"near": 20, "far": 60}
    assert {item.split for item in found.tests["far"]} == {"test"}
    item = found.tests["far"].items[0]
    assert found.tests["far"].file(item) == tmp_path / "two" / "b" / "0.png"
    assert item.group.startswith("two/")
    assert found.notes == ()


def test_a_share_of_training_groups_validates(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("a") + items("b"))
    found = gather(protocol(val={"share": 0.4}), [path], ["image"])
    train, val = found.fit.select(split="train"), found.val
    assert len(train) + len(val) == 20
    assert 0 < len(val) < 20
    assert not {i.group for i in train} & {i.group for i in val}


def test_what_is_tested_never_trains_or_chooses(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("a") + items("b"))
    for part, word in (("train", "train"), ("val", "choose")):
        everything = {"where": {"source": "a", "split": ["test", part]}}
        with pytest.raises(DataError, match=f"would {word} and is in the test 'near'"):
            gather(protocol(**{part: everything}), [path], ["image"])


def test_a_test_without_one_of_the_classes_is_named(tmp_path: Path) -> None:
    reals = [item for item in items("b") if not item.label]
    found = gather(protocol(), [stored(tmp_path, "one", items("a") + reals)], ["image"])
    assert set(found.tests) == {"near"}
    (note,) = found.notes
    assert note == "Not run: far has 30 real and no forged items in these manifests."


def test_a_generator_that_a_choice_lists_and_nobody_has_is_named(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("a") + items("b"))
    tests = [
        {
            "name": "near",
            "where": {
                "source": "a",
                "split": "test",
                "generator": ["", "gan", "vae-*", "flow", "!x"],
            },
        }
    ]
    train = {"where": {"source": "a", "split": "train", "generator": ["", "GAN", "flow"]}}
    notes = gather(protocol(test=tests, train=train), [path], ["image"]).notes
    assert notes == (
        "No item of near has generator vae-*, flow.",
        "No item of training has generator flow.",
    )


def test_a_manifest_of_several_datasets_counts_as_each_of_them(tmp_path: Path) -> None:
    rows = [
        replace(item, source="faceforensics" if item.source == "a" else "celeb-df-v2")
        for item in items("a") + items("b")
    ]
    path = stored(tmp_path, "crops", rows)
    found = gather(
        protocol(
            train={"where": {"manifest": "faceforensics", "split": "train"}},
            val={"where": {"manifest": "faceforensics", "split": "val"}},
            test=[{"name": "far", "where": {"manifest": "celeb-df-v2"}}],
        ),
        [path], ["image"],
    )  # fmt: skip
    assert {item.source for item in found.fit} == {"faceforensics"}
    assert {item.source for item in found.tests["far"]} == {"celeb-df-v2"}


def test_deepfakebench_takes_face_crops() -> None:
    assert "image" in read_protocol("deepfakebench").kinds


def test_what_the_manifests_lack_is_handed_on(tmp_path: Path) -> None:
    notes = ("Not there: 1 of 5 generators (NeuralTextures).", "Another matter.")
    rows = items("a") + items("b")
    path = write_manifest(
        tmp_path / "m.parquet", Manifest(tmp_path, tuple(rows), "ff", notes=notes)
    )
    (note,) = gather(protocol(), [path], ["image"]).notes
    assert note == "ff: Not there: 1 of 5 generators (NeuralTextures)."


def test_shared_groups_are_told(tmp_path: Path) -> None:
    rows = [
        replace(item, group="one person") if "-0-1" in item.item_id else item for item in items("a")
    ]
    path = stored(tmp_path, "one", rows + items("b"))
    (note,) = gather(protocol(), [path], ["image"]).notes
    assert note == "1 groups of near are in training as well, as published."


def test_at_most_so_many_of_each_class(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("a") + items("b"))
    tests = [{"name": "far", "where": {"source": "b"}, "most": 3}]
    part = gather(protocol(test=tests), [path], ["image"]).tests["far"]
    assert [sum(item.label == label for item in part) for label in (0, 1)] == [3, 3]
    assert part == gather(protocol(test=tests), [path], ["image"]).tests["far"]


def test_reals_from_elsewhere(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("a") + items("b"))
    tests = [
        {
            "name": "x",
            "where": {"generator": "gan", "source": "b"},
            "reals": {"source": "a", "split": "test"},
        }
    ]
    part = gather(protocol(test=tests), [path], ["image"]).tests["x"]
    assert {(item.source, item.label) for item in part} == {("a", 0), ("b", 1)}


def test_nothing_to_test_is_said(tmp_path: Path) -> None:
    path = stored(tmp_path, "one", items("c"))
    with pytest.raises(DataError, match="No test set"):
        gather(protocol(), [path], ["image"])
    with pytest.raises(DataError, match="nothing of the kinds"):
        gather(protocol(), [path], ["audio"])
    path = stored(tmp_path, "two", items("a"))
    assert gather(protocol(), [path], ["image"]).notes == ("Not in these manifests: far.",)
