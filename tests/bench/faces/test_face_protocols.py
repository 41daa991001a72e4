"""Protocols of face programs: times and matches, boxes and names, on made data."""

from __future__ import annotations

import importlib
import json
import math
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from unmask.bench.faces.marked import Found, score
from unmask.bench.faces.protocol import FOLDER, face_protocols, read_face_protocol
from unmask.bench.faces.timed import Timed, run
from unmask.cli.app import main
from unmask.datasets.adapters.fanvid import Marked
from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError
from unmask.types import Box

PAGE = Path(__file__).parents[3] / "docs" / "protocols.md"


@pytest.mark.parametrize("name", face_protocols())
def test_each_is_whole_documented_and_never_chooses_on_tests(name: str, tmp_path: Path) -> None:
    assert read_face_protocol(name).name == name
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
    copy = tmp_path / "copy.toml"
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    copy.write_text(f'threshold = "test"\n{text}', encoding="utf-8")
    with pytest.raises(DataError, match="choose its threshold on test data"):
        read_face_protocol(str(copy))


def people(tmp_path: Path) -> Manifest:
    items = [
        Item(f"{split}{person}-{n}", "", f"{split}{person}-{n}.png", "image", 0, split=split,
             subject=f"{split}{person}", gender="fm"[person % 2])
        for split in ("val", "test")
        for person in range(4)
        for n in range(3)
    ]  # fmt: skip
    return Manifest(tmp_path, tuple(items), "people")


def timed(data: Manifest, step: float, blind: str = "") -> list[Timed]:
    """A program that knows people by heart, takes ``step`` seconds, and is blind once."""

    def vector(name: str) -> np.ndarray:
        person = sum(map(ord, name.split("-")[0]))
        rng = np.random.default_rng(person)
        near = np.random.default_rng(sum(map(ord, name)))
        return rng.standard_normal(32) + 0.1 * near.standard_normal(32)

    names = {i.item_id: n for n, i in enumerate(data)}
    known = {n: i.item_id for n, i in enumerate(data)}
    ticks = count()
    return run(
        read_face_protocol("fruits").model_copy(update={"rate": 0.02}), data,
        lambda pixels: None if known[int(pixels[0, 0, 0])] == blind
        else vector(known[int(pixels[0, 0, 0])]).astype(np.float32),
        lambda item: np.full((1, 1, 3), names[item.item_id], np.uint8),
        lambda done, of: None,
        clock=lambda: next(ticks) * step,
    )  # fmt: skip


def test_a_program_in_time_is_scored_and_one_over_the_limit_is_not(tmp_path: Path) -> None:
    rows = timed(people(tmp_path), 0.3)
    assert [(row.limit, row.threshold is None) for row in rows] == [
        (100, True), (500, False), (1000, False),
    ]  # fmt: skip
    assert rows[1].milliseconds == pytest.approx(300)
    parts = {part.part: part for part in rows[1].parts}
    assert set(parts) == {"everybody", "gender f", "gender m"}
    assert (parts["everybody"].own, parts["everybody"].other) == (12, 54)
    assert parts["everybody"].missed == 0


def test_a_picture_without_a_face_matches_nobody(tmp_path: Path) -> None:
    rows = timed(people(tmp_path), 0.01, blind="test0-1")
    assert rows[0].unseen == 1
    assert rows[0].parts[0].missed == pytest.approx(2 / 12)


def test_pictures_of_one_session_are_no_test_of_a_person(tmp_path: Path) -> None:
    data = people(tmp_path)
    seen = [replace(i, session="first" if i.item_id[-1] in "01" else "second") for i in data]
    parts = timed(replace(data, items=tuple(seen)), 0.01)[0].parts
    assert (parts[0].own, parts[0].other) == (8, 54)


def test_people_who_choose_and_are_tested_are_refused(tmp_path: Path) -> None:
    data = people(tmp_path)
    with pytest.raises(DataError, match="fewer than two people"):
        timed(data.select(split="test"), 0.01)
    mixed = Manifest(
        tmp_path,
        tuple(Item(i.item_id, "", i.path, "image", 0, split=i.split, subject=i.subject[-1])
              for i in data),
    )  # fmt: skip
    with pytest.raises(DataError, match="stand in val and in test"):
        timed(mixed, 0.01)


def box(clip: str, left: float, told: str, frame: int = 0) -> Marked:
    return Marked(clip, frame, Box(left, 0, 10, 10), told)


def test_a_box_is_right_when_it_is_there_and_says_who_it_is() -> None:
    truth = [box("0", 0, "Ada"), box("0", 50, "Carl"), box("1", 0, "Ada")]
    found = [
        Found(box("0", 1, "Ada"), 0.9),
        Found(box("0", 52, "Emmy"), 0.8),  # there, and another name
        Found(box("1", 8, "Ada"), 0.7),  # beside it
    ]
    made = score(truth, found, 0.5, plates=False)
    assert made.places == pytest.approx(2 / 3)
    assert made.named == pytest.approx(1 / 3)
    again = score(truth, [*found[:1], Found(box("0", 1, "Ada"), 0.5)], 0.5, plates=False)
    assert again.named == pytest.approx(1 / 3)  # the same one twice counts once


def test_of_plates_letters_count_and_others_are_not_held_against_it() -> None:
    truth = [box("0", 0, "AB12")]
    found = [Found(box("0", 90, "XX99"), 0.9), Found(box("0", 0, "AB13"), 0.8)]
    made = score(truth, found, 0.5, plates=True)
    assert (made.places, made.named) == (1.0, 0.75)
    assert score(truth, found, 0.5, plates=False).places == 0.5
    assert math.isnan(score([], found, 0.5, plates=True).named)


def test_a_user_scores_the_boxes_of_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "datasets"))
    importlib.import_module("tiny.fanvid").make(tmp_path / "fanvid")
    table = tmp_path / "mine.csv"
    table.write_text(
        "clip,frame,left,top,width,height,told,confidence\n2,3,10,20,20,30,Ada L.,0.9\n"
        "0,3,0,0,5,5,Nobody,0.8\n"  # a clip of training: not counted
    )
    words = ["bench", "faces", "fanvid", "--data", str(tmp_path / "fanvid"), "--json"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--found", f"faces={table}"])
    assert not ended.value.code
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row == {"task": "faces", "boxes": 1, "found": 1, "places": 1.0, "named": 1.0}
    for bad, said in ((f"people={table}", "Name the boxes"), ("faces=none.csv", "cannot be read")):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--found", bad])
        assert ended.value.code == 4
        assert said in capsys.readouterr().err
    assert "tiny.fanvid" in sys.modules
