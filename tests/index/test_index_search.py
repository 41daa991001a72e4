"""Copies and edits are found, and what differs is marked where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_media import jpeg, scene, tune, write_tune
from PIL import Image, ImageOps

from unmask.analyzers.base import Options
from unmask.analyzers.duplicates import DuplicatesAnalyzer
from unmask.errors import StoreError
from unmask.index.keys import take
from unmask.index.library import opened
from unmask.index.store import Writer
from unmask.media import probe
from unmask.scanning import scan
from unmask.types import Finding, Label, Report

LENGTH = 6.0


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known")
    paths = []
    for seed in range(8):
        paths.append(folder / f"scene-{seed}.png")
        scene(seed).save(paths[-1])
        paths.append(write_tune(folder / f"tune-{seed}.wav", tune(seed, LENGTH)))
    index = folder / "known.index"
    with Writer(index, None) as writer:
        for path in paths:
            one = take(path, probe(path))
            writer.add(one.item, one.keys, one.pictures)
    for path in paths[2:]:
        path.unlink()  # the index alone must do; scene-0 and tune-0 stay
    return index


def look(known: Path, path: Path) -> Report:
    return scan(path, analyzers=("duplicates",), index=str(known))


def picture(known: Path, to: Path, image: Image.Image, quality: int = 75) -> list[Finding]:
    path = to / "suspect.jpg"
    Image.fromarray(jpeg(image, quality)).save(path, quality=quality)
    return list(look(known, path).findings)


def the_one(findings: list[Finding], name: str) -> Finding:
    assert [finding.subject for finding in findings] == [name]
    assert findings[0].kind == "fact"
    return findings[0]


def test_the_same_bytes_are_named(known: Path) -> None:
    finding = the_one(list(look(known, known.parent / "scene-0.png").findings), "scene-0.png")
    assert "byte for byte" in finding.reason
    assert finding.bearing is None


COPIES = {
    "saved": lambda image: image,
    "smaller": lambda image: image.resize((180, 135)),
    "larger": lambda image: image.resize((720, 540)),
    "squeezed": lambda image: image.resize((300, 270)),
    "cropped": lambda image: image.crop((50, 20, 350, 250)),
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "framed": lambda image: ImageOps.expand(image, (30, 90), "white"),
    "darker": lambda image: image.point(lambda value: int(value * 0.8)),
    "mirrored and cropped": lambda image: ImageOps.mirror(image).crop((40, 10, 340, 240)),
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("seed", [0, 3])
def test_a_copy_is_named_and_raises_no_doubt(
    known: Path, tmp_path: Path, way: str, seed: int
) -> None:
    made = COPIES[way](scene(seed))
    finding = the_one(picture(known, tmp_path, made), f"scene-{seed}.png")
    assert finding.bearing is None, finding.reason
    assert not finding.where.masks
    assert finding.details["relation"] == "copy"
    assert ("cut down" in finding.reason) is ("cropped" in way)


def test_another_picture_is_absent_from_the_index(known: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.jpg"
    scene(99).save(path)
    report = look(known, path)
    assert not report.findings
    assert "indexed item" in report.absent[0].what


@pytest.mark.parametrize("way", ["saved", "mirrored", "cropped", "turned"])
@pytest.mark.parametrize("seed", [0, 3])
def test_a_local_edit_is_marked_in_the_pixels_of_the_suspect(
    known: Path, tmp_path: Path, way: str, seed: int
) -> None:
    box = (150, 90, 230, 150)
    edited, truth = scene(seed), Image.new("L", scene(seed).size)
    edited.paste(scene(50).crop(box), box)
    truth.paste(255, box)
    finding = the_one(picture(known, tmp_path, COPIES[way](edited), 80), f"scene-{seed}.png")
    assert finding.bearing is Label.INCONCLUSIVE
    (mask,) = finding.where.masks
    wanted = np.asarray(COPIES[way](truth)) > 127
    marked = np.zeros(wanted.shape, bool)
    x, y, width, height = (
        round(v) for v in (mask.box.x, mask.box.y, mask.box.width, mask.box.height)
    )
    grid = Image.fromarray((mask.values * 255).astype(np.uint8)).resize((width, height))
    x, y = max(0, x), max(0, y)
    part = np.asarray(grid)[: wanted.shape[0] - y, : wanted.shape[1] - x] > 127
    marked[y : y + part.shape[0], x : x + part.shape[1]] = part
    assert (marked & wanted).sum() / (marked | wanted).sum() > 0.6
    assert finding.where.boxes[0].iou(mask.box) < 0.5


def sound(known: Path, path: Path, wave: np.ndarray) -> list[Finding]:
    return list(look(known, write_tune(path, wave)).findings)


def test_a_piece_of_a_recording_is_found_in_a_longer_one(known: Path, tmp_path: Path) -> None:
    wave = np.concatenate([tune(60, 2.0), 0.4 * tune(4, LENGTH)[16_000:64_000], tune(61, 2.0)])
    finding = the_one(sound(known, tmp_path / "long.ogg", wave), "tune-4.wav")
    assert finding.bearing is None
    (span,) = finding.where.spans
    assert abs(span.start - 2.0) < 0.35
    assert abs(span.end - 5.0) < 0.35
    assert abs(finding.details["known_second"] - 1.0 - (span.start - 2.0)) < 0.1


def test_replaced_seconds_are_marked(known: Path, tmp_path: Path) -> None:
    wave = tune(5, LENGTH)
    wave[40_000:60_000] = tune(62, LENGTH)[40_000:60_000]
    finding = the_one(sound(known, tmp_path / "replaced.ogg", wave), "tune-5.wav")
    assert finding.bearing is Label.INCONCLUSIVE
    (span,) = finding.where.spans
    assert abs(span.start - 2.5) < 0.35
    assert abs(span.end - 3.75) < 0.35


def test_a_second_cut_out_is_said(known: Path, tmp_path: Path) -> None:
    wave = tune(6, LENGTH)
    cut = np.concatenate([wave[:40_000], wave[56_000:]])
    finding = the_one(sound(known, tmp_path / "cut.wav", cut), "tune-6.wav")
    assert finding.bearing is Label.INCONCLUSIVE
    assert "+1.0 s at 2." in finding.reason
    assert [round(piece[2] - piece[0], 1) for piece in finding.details["pieces"]] == [0.0, 1.0]


def test_another_recording_and_silence_are_not_found(known: Path, tmp_path: Path) -> None:
    assert not sound(known, tmp_path / "other.wav", tune(70, 4.0))
    assert not sound(known, tmp_path / "silent.wav", np.zeros(40_000, np.float32))


def test_an_index_is_opened_once_until_it_changes(known: Path) -> None:
    first = opened(str(known))
    assert opened(str(known)) is first
    known.touch()
    assert opened(str(known)) is not first


def test_a_missing_index_is_said_before_any_file_is_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no index"):
        DuplicatesAnalyzer.prepare(Options(index=str(tmp_path / "none")))
