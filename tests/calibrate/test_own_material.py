"""Which files there are, in which groups, and which count once or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unmask.calibrate.material import check_apart, gather
from unmask.calibrate.scoring import ScoreFile
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError, OutputError
from unmask.settings import make_settings


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_subfolders_are_groups_and_loose_files_are_one(tmp_path: Path) -> None:
    put(tmp_path / "real" / "a" / "deep" / "1.jpg", "1")
    put(tmp_path / "real" / "b" / "2.jpg", "2")
    put(tmp_path / "real" / "3.jpg", "3")
    put(tmp_path / "real" / ".hidden" / "4.jpg", "4")
    side = gather([tmp_path / "real"], 0)
    assert {one.path.name: one.group for one in side.specimens} == {
        "1.jpg": "a",
        "2.jpg": "b",
        "3.jpg": "real",
    }


def test_subfolders_of_one_name_in_two_folders_are_two_groups(tmp_path: Path) -> None:
    put(tmp_path / "old" / "a" / "1.jpg", "1")
    put(tmp_path / "new" / "a" / "2.jpg", "2")
    side = gather([tmp_path / "old", tmp_path / "new"], 0)
    assert {one.group for one in side.specimens} == {"old/a", "new/a"}


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1.jpg", "same")
    put(tmp_path / "b" / "2.jpg", "same")
    put(tmp_path / "b" / "3.jpg", "other")
    side = gather([tmp_path], 0)
    assert [one.path.name for one in side.specimens] == ["1.jpg", "3.jpg"]
    assert side.twice == 1


def test_a_real_file_among_the_fakes_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "real" / "1.jpg", "same")
    put(tmp_path / "fake" / "x.jpg", "same")
    real, fake = gather([tmp_path / "real"], 0), gather([tmp_path / "fake"], 1)
    with pytest.raises(DataError, match=r"x\.jpg among the forged.*1\.jpg among the authentic"):
        check_apart(real, fake)


def test_own_files_are_passed_over_and_nothing_is_an_error(tmp_path: Path) -> None:
    own = put(tmp_path / "n.toml", "x")
    with pytest.raises(DataError, match="no authentic files"):
        gather([tmp_path], 0, without=(own,))
    with pytest.raises(DataError, match="neither a folder nor a manifest"):
        gather([tmp_path / "gone"], 0)


def test_a_file_that_may_not_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "1.jpg", "1")
    (tmp_path / "2.jpg").symlink_to(tmp_path / "nowhere")
    side = gather([tmp_path], 0)
    assert [one.path.name for one in side.specimens] == ["1.jpg"]
    assert "2.jpg" in side.unreadable[0][0]


def test_a_manifest_gives_its_side_and_its_source_or_group(tmp_path: Path) -> None:
    for name in "1234":
        put(tmp_path / f"{name}.jpg", name)
    items = [
        Item("1", "1", "1.jpg", "image", 0, source="agency", group="p1"),
        Item("2", "2", "2.jpg", "image", 0, group="p2"),
        Item("3", "3", "3.jpg", "image", 1, source="agency"),
    ]
    write_manifest(tmp_path / "manifest.parquet", Manifest(tmp_path, tuple(items)))
    for place in (tmp_path, tmp_path / "manifest.parquet"):
        real, fake = gather([place], 0), gather([place], 1)
        assert [one.group for one in real.specimens] == ["agency", "p2"]
        assert [one.path.name for one in fake.specimens] == ["3.jpg"]
    bad = put(tmp_path / "bad.parquet", "words")
    with pytest.raises(DataError, match="not a readable manifest"):
        gather([bad], 0)


def test_scores_survive_a_torn_line_and_keep_their_date(tmp_path: Path) -> None:
    settings = make_settings()
    path = tmp_path / "n.scores.jsonl"
    first = ScoreFile(path, settings)
    first.add({"sha256": "a", "surprise": 1.0})
    first.close()
    head, *rest = path.read_text().splitlines(keepends=True)
    early = json.dumps(json.loads(head) | {"date": "2020-02-02"}) + "\n"
    path.write_text(early + "".join(rest) + '{"sha256": "b", "surp')
    again = ScoreFile(path, settings)
    assert (list(again.done), again.date) == (["a"], "2020-02-02")
    again.add({"sha256": "b", "surprise": 2.0})
    again.close()
    assert [json.loads(line).get("sha256") for line in path.open()] == [None, "a", "b"]


def test_scores_of_other_settings_or_damaged_ones_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "n.scores.jsonl"
    ScoreFile(path, make_settings()).close()
    with pytest.raises(OutputError, match="other settings"):
        ScoreFile(path, make_settings(fps=2.0))
    path.write_text(path.read_text() + "rubbish\nmore\n")
    with pytest.raises(OutputError, match="damaged"):
        ScoreFile(path, make_settings())


def test_a_head_that_was_torn_is_begun_again(tmp_path: Path) -> None:
    path = put(tmp_path / "n.scores.jsonl", '{"date": "2020')
    ScoreFile(path, make_settings()).close()
    assert "made by" in json.loads(path.read_text())
