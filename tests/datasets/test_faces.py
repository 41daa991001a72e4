"""Faces cut out of a manifest: the right face, spread over the video, never done twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

from make_media import image, video
from unmask import registry
from unmask.cards.card import read_card
from unmask.datasets import face_manifest
from unmask.datasets.face_crops import Cut, cut_item, cut_of_card
from unmask.datasets.face_manifest import LOG, TABLE, cut_faces
from unmask.datasets.manifest import Item, Manifest, read_manifest, write_manifest
from unmask.errors import DataError, ModelError, OutputError
from unmask.faces.detect import detect
from unmask.types import Box

CUT = Cut(1.3, 96, 4)
SIDE, COUNT, RATE = 240, 20, 10
PORTRAIT = np.ascontiguousarray(data.astronaut()[:300, 80:380])
SMALL = np.asarray(Image.fromarray(PORTRAIT).resize((150, 150)))


def moving(index: int) -> np.ndarray[Any, Any]:
    """A grey field over which the portrait walks."""
    field = np.full((SIDE, 2 * SIDE, 3), 120, np.uint8)
    left = 8 + 8 * index
    field[40:190, left : left + 150] = SMALL
    return field


def passing(index: int) -> np.ndarray[Any, Any]:
    """A face that stays, and a larger one that is there for a moment only."""
    field = np.full((SIDE, 2 * SIDE, 3), 120, np.uint8)
    field[40:190, 20:170] = SMALL
    if index < 5:
        field[:, 240:480] = np.asarray(Image.fromarray(PORTRAIT).resize((240, 240)))
    return field


def item(path: str, kind: str = "video", **more: Any) -> Item:
    parts = {"label": 1, "generator": "swap", "split": "val", "group": "g", **more}
    return Item(path, path, path, kind, **parts)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    size = (2 * SIDE, SIDE)
    video(folder / "walk.mp4", count=COUNT, rate=RATE, size=size, paint=moving)
    video(folder / "pass.mp4", count=COUNT, rate=RATE, size=size, paint=passing)
    image(folder / "still.png", PORTRAIT)
    image(folder / "mask.png", np.repeat((PORTRAIT[:, :, :1] > 0) * np.uint8(255), 3, 2))
    image(folder / "grey.png", np.full((64, 64, 3), 90, np.uint8))
    (folder / "torn.png").write_bytes((folder / "still.png").read_bytes()[:500])
    return folder


def rows(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / TABLE).to_pylist()


def test_frames_are_spread_over_the_whole_video(root: Path, tmp_path: Path) -> None:
    made = cut_faces(Manifest(root, (item("walk.mp4"),), "own"), tmp_path, CUT)
    times = [row["time"] for row in rows(tmp_path)]
    assert made.crops == len(times) == CUT.frames
    assert times[0] < 0.4
    assert times[-1] > 0.6 * COUNT / RATE
    assert np.diff(times).min() > 0.3
    assert np.diff(times).max() < 1.0


def test_a_crop_is_an_item_that_knows_its_video(root: Path, tmp_path: Path) -> None:
    cut_faces(Manifest(root, (item("walk.mp4"),), "own", "CC0", "me"), tmp_path, CUT)
    back = read_manifest(tmp_path)
    assert (back.name, back.licence, back.citation) == ("own", "CC0", "me")
    assert len({one.item_id for one in back}) == CUT.frames
    for one in back:
        assert (one.media_id, one.kind, one.label) == ("walk.mp4", "image", 1)
        assert (one.generator, one.split, one.group) == ("swap", "val", "g")
        pixels = np.asarray(Image.open(back.file(one)))
        assert pixels.shape == (96, 96, 3)
        found = detect(pixels)[0]
        assert found.box.iou(Box(*one.face)) > 0.6


def test_the_table_holds_boxes_and_points_of_both(root: Path, tmp_path: Path) -> None:
    cut_faces(Manifest(root, (item("walk.mp4"),)), tmp_path, CUT)
    for row in rows(tmp_path):
        x, y, width, height = row["box"]
        points = np.array(row["points"]).reshape(5, 2)
        assert ((points > (x, y)) & (points < (x + width, y + height))).all()
        inner = np.array(row["crop_points"]).reshape(5, 2)
        scale = row["crop_box"][2] / width
        assert np.diff(inner, axis=0) == pytest.approx(np.diff(points, axis=0) * scale, abs=0.2)
        assert abs(x - (8 + 8 * row["time"] * RATE + 50)) < 25


def test_the_face_that_stays_is_taken(root: Path, tmp_path: Path) -> None:
    cut = replace(CUT, frames=10)
    cut_faces(Manifest(root, (item("pass.mp4"),)), tmp_path, cut)
    found = rows(tmp_path)
    assert len(found) == 10
    assert max(row["box"][0] for row in found) < 200


def test_only_forged_stretches_of_a_forged_video(root: Path, tmp_path: Path) -> None:
    forged = item("walk.mp4", segments=((0.5, 1.0),))
    cut_faces(Manifest(root, (forged,)), tmp_path / "a", CUT)
    times = [row["time"] for row in rows(tmp_path / "a")]
    assert len(times) >= 3
    assert min(times) >= 0.5
    assert max(times) < 1.0
    voice = item("walk.mp4", types=("audio",))
    with pytest.raises(DataError, match="no picture and no video"):
        cut_faces(Manifest(root, (voice,)), tmp_path / "b", CUT)


def test_masks_are_cut_alike(root: Path, tmp_path: Path) -> None:
    still = item("still.png", "image", mask="mask.png")
    cut_faces(Manifest(root, (still,)), tmp_path, CUT)
    (one,) = read_manifest(tmp_path).items
    mask = np.asarray(Image.open(tmp_path / one.mask))
    assert mask.shape == (96, 96)
    assert set(np.unique(mask)) <= {0, 255}
    crop = np.asarray(Image.open(tmp_path / one.path))
    assert ((mask > 0) == (crop[:, :, 0] > 0)).mean() > 0.97


def test_originals_are_cut_alike_when_asked(root: Path, tmp_path: Path) -> None:
    """The original of a walk is the walk in the dark: its square is that of the fake's face."""
    size = (2 * SIDE, SIDE)
    video(root / "dark.mp4", count=COUNT, rate=RATE, size=size, paint=lambda i: moving(i) // 8)
    image(root / "half.png", PORTRAIT // 2)
    both = (
        item("walk.mp4", original="dark.mp4"),
        item("still.png", "image", original="half.png"),
    )
    cut_faces(Manifest(root, both), tmp_path / "without", CUT)
    assert not any(one.original for one in read_manifest(tmp_path / "without"))
    cut_faces(Manifest(root, both), tmp_path / "with", replace(CUT, originals=True))
    made = read_manifest(tmp_path / "with")
    assert len(made) == CUT.frames + 1
    for one in made:
        pixels = np.asarray(Image.open(made.file(one))).astype(int)
        beside = np.asarray(Image.open(made.root / one.original)).astype(int)
        share = 2 if one.media_id == "still.png" else 8
        assert np.abs(pixels - share * beside).mean() < 20
    with pytest.raises(DataError, match="No face"):
        cut_faces(
            Manifest(root, (replace(both[1], original="grey.png"),)),
            tmp_path / "small",
            replace(CUT, originals=True),
        )


def test_files_without_a_face_are_said(root: Path, tmp_path: Path) -> None:
    items = (item("still.png", "image"), item("grey.png", "image"), item("torn.png", "image"))
    made = cut_faces(Manifest(root, items), tmp_path, CUT)
    assert (made.crops, made.faceless) == (1, 1)
    assert "torn.png" in made.unread[0]
    notes = read_manifest(tmp_path).notes
    assert any("1 files show no face" in note for note in notes)
    assert any("1 files could not be read" in note for note in notes)
    with pytest.raises(DataError, match="No face was found"):
        cut_faces(Manifest(root, items[1:2]), tmp_path / "none", CUT)


def test_a_killed_run_goes_on(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = (item("still.png", "image"), item("walk.mp4"), item("pass.mp4"))
    manifest = Manifest(root, items)
    cut_faces(manifest, tmp_path / "whole", CUT)
    wanted = read_manifest(tmp_path / "whole").items
    cut_faces(manifest, tmp_path / "cut", CUT)
    log = tmp_path / "cut" / LOG
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:3]) + lines[3][:20])  # killed while the third was written
    done: list[str] = []

    def counted(job: tuple[Item, Path, Path], cut: Cut) -> list[dict[str, Any]]:
        done.append(job[0].item_id)
        return cut_item(job, cut)

    monkeypatch.setattr(face_manifest, "cut_item", counted)
    cut_faces(manifest, tmp_path / "cut", CUT)
    assert done == ["pass.mp4"]
    assert read_manifest(tmp_path / "cut").items == wanted
    cut_faces(manifest, tmp_path / "cut", CUT)
    assert done == ["pass.mp4"]
    assert json.loads(log.read_text().splitlines()[-1])["item"] == "pass.mp4"
    with pytest.raises(OutputError, match="begun with other settings"):
        cut_faces(manifest, tmp_path / "cut", replace(CUT, size=64))


def test_processes_give_the_same(root: Path, tmp_path: Path) -> None:
    items = (item("still.png", "image"), item("walk.mp4"), item("torn.png", "image"))
    cut_faces(Manifest(root, items), tmp_path / "one", CUT)
    cut_faces(Manifest(root, items), tmp_path / "two", CUT, processes=2)
    assert read_manifest(tmp_path / "one").items == read_manifest(tmp_path / "two").items
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


def test_a_card_says_how_to_cut() -> None:
    fits = [
        (name, part)
        for name in registry.detectors()
        for part in read_card(registry.detector_card(name)).inputs
        if part.take == "face" and isinstance(part.shape[-1], int) and part.shape[-1] > 4
    ]
    for name, part in fits[:3]:
        cut = cut_of_card(name, 7)
        assert (cut.margin, cut.size, cut.frames) == (part.margin, part.shape[-1], 7)
    with pytest.raises(ModelError, match="has no face input"):
        cut_of_card("unmask_voice", 7)


def test_the_command(root: Path, tmp_path: Path, call: Callable[..., Any]) -> None:
    manifest = Manifest(root, (item("still.png", "image"),))
    write_manifest(tmp_path / "m.parquet", manifest)
    code, said = call(
        "data", "faces", tmp_path / "m.parquet", "--out", tmp_path / "f", "--size", 64
    )
    assert (code, said["crops"], said["faceless"]) == (0, 1, 0)
    assert len(read_manifest(tmp_path / "f")) == 1
    code, said = call("data", "faces", tmp_path / "m.parquet", "--out", tmp_path / "g", "--size", 4)
    assert code == 4
    assert "--size 16 to 2048" in said
