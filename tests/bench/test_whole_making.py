"""Forged files made of authentic ones, which differ in nothing but the forgery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PIL import Image
from skimage import data as pictures

import make_media
from unmask.bench.whole import resaving
from unmask.bench.whole.making import EDITS, SIDES, made
from unmask.bench.whole.resaving import WIDTHS, resaved
from unmask.compression.picture import read
from unmask.datasets.whole_files import listing
from unmask.datasets.whole_files.listing import Whole


def whole(path: Path, kind: str = "image", label: str = "real", **more: str) -> Whole:
    plain = Whole(path, path.name, kind, label, "agency", path.name, "new")
    return replace(plain, **more)  # type: ignore[arg-type]


def test_photographs_give_pairs_that_differ_in_nothing_but_the_edit(tmp_path: Path) -> None:
    files = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(make_media.photo(240, 180, seed=number)).save(path)
        files.append(whole(path))
    fake = replace(files.pop(), label="fake", family="pictures by generators")
    broken = whole(tmp_path / "none.png")
    said: list[tuple[int, int]] = []
    found = list(made([*files, fake, broken], tmp_path / "out", lambda *at: said.append(at)))
    assert said == [(number, 4) for number in (1, 2, 3, 4)]
    assert len({one.item for one in found}) == len(found)
    assert len({one.path for one in found}) == len(found)
    for first, number in zip(found[:4:2], range(2), strict=True):
        second = found[2 * number + 1]
        family = list(EDITS)[number]
        assert (first.label, second.label) == ("real", "fake")
        assert (second.family, second.maker) == (EDITS[family], family)
        assert first.condition == second.condition
        with Image.open(first.path) as one, Image.open(second.path) as other:
            assert one.size == other.size
            assert one.quantization == other.quantization
            differs = np.any(np.asarray(one) != np.asarray(other), axis=2)
        assert 0 < differs.mean() < 0.9
    again = found[4:]
    assert [(one.label, one.family) for one in again] == [("fake", "pictures by generators")] * 2


def test_made_files_do_not_depend_on_the_run(tmp_path: Path) -> None:
    Image.fromarray(make_media.photo(240, 180)).save(tmp_path / "a.png")
    files = [whole(tmp_path / "a.png")]
    runs = [list(made(files, tmp_path / name, lambda *at: None)) for name in ("one", "two")]
    assert [one.item for one in runs[0]] == [one.item for one in runs[1]]
    for one, other in zip(*runs, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()


def test_a_face_is_blended_in_and_a_portrait_is_filmed(tmp_path: Path) -> None:
    path = tmp_path / "astronaut.png"
    Image.fromarray(pictures.astronaut()[:300, 80:380]).save(path)
    found = list(made([whole(path)], tmp_path / "out", lambda *at: None))
    blended = [one for one in found if one.family == "blended faces"]
    assert [one.label for one in blended] == ["fake", "fake"]
    with Image.open(blended[0].path) as picture:
        assert max(picture.size) <= SIDES[0]
    found = list(made([whole(path, part="fit")], tmp_path / "out", lambda *at: None))
    assert [(one.kind, one.label, one.source) for one in found] == [
        ("video", "real", "filmed agency"),
        ("video", "fake", "filmed agency"),
    ]
    assert found[0].path.read_bytes() != found[1].path.read_bytes()


def test_a_recording_is_saved_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    make_media.wav(path, make_media.tone(22_050, 22_050), 22_050)
    (found,) = made([whole(path, "audio")], tmp_path / "out", lambda *at: None)
    samples, rate = sf.read(found.path)
    assert rate == 16_000
    assert len(samples) == pytest.approx(16_000, abs=1200)
    assert found.condition == "mp3:32"
    assert found.item != path.name


def test_a_picture_that_was_saved_before_is_edited_on_its_own_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resaving, "SHARE", 1.0)
    monkeypatch.setattr(resaving, "QUALITIES", ((75, 95), (70, 92)))
    files = []
    for number in range(2):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(make_media.photo(900, 700, seed=number)).save(path, quality=97)
        files.append(whole(path))
    found = list(resaved(files, tmp_path / "out", lambda *at: None))
    assert [one.label for one in found] == ["real", "fake"] * 2
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert first.condition == second.condition
        assert first.condition.startswith("own size, JPEG ")
        assert second.family == EDITS[second.maker]
        with Image.open(first.path) as one, Image.open(second.path) as other:
            assert one.size == other.size
            assert max(one.size) in WIDTHS
            differs = np.any(np.asarray(one) != np.asarray(other), axis=2)
        assert 0 < differs.mean() < 0.9
    savings = [read(one.path) for one in found]
    assert all(one.earlier for one in savings)  # each was saved with less before
    assert not any(one.region is not None for one in savings[::2])
    assert any(one.region is not None and not one.part for one in savings[1::2])


def test_gathered_photographs_that_models_learned_from_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resaving, "SHARE", 1.0)
    path = tmp_path / "0.jpg"
    Image.fromarray(make_media.photo(400, 300)).save(path)
    one = whole(path, item=f"{listing.GATHERED}/real/0.jpg")
    for kept in (True, False):
        monkeypatch.setattr(resaving, "kept_from_training", lambda _, kept=kept: kept)
        found = list(resaved([one], tmp_path / f"{kept}", lambda *at: None))
        assert bool(found) == kept
    assert not list(made([one], tmp_path / "made", lambda *at: None))
