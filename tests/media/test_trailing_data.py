"""A second file behind the first is named, whatever the first is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask.media.trailing_data import PICTURE, RECORDING, VIDEO, behind
from unmask.scanning import scan

CLIP = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x10mdat" + bytes(8)
SAMSUNG = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data"


def picture(form: str) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, form)
    return data.getvalue()


def looked(path: Path, data: bytes) -> list[tuple[str, int]]:
    path.write_bytes(data)
    return behind(path)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_video_behind_a_picture_is_found_and_a_plain_one_has_none(
    tmp_path: Path, form: str
) -> None:
    whole = picture(form)
    assert looked(tmp_path / "a", whole) == []
    assert looked(tmp_path / "a", whole + bytes(64)) == []
    assert looked(tmp_path / "a", whole + CLIP) == [(VIDEO, len(whole))]
    assert looked(tmp_path / "a", whole + SAMSUNG + CLIP) == [(VIDEO, len(whole + SAMSUNG))]


def test_a_video_is_found_behind_a_picture_without_an_end_mark(tmp_path: Path) -> None:
    whole = picture("JPEG")[:-2]
    assert looked(tmp_path / "a.jpg", whole) == []
    assert looked(tmp_path / "a.jpg", whole + CLIP) == [(VIDEO, len(whole))]


def test_the_box_of_a_motion_photo_and_a_second_file_are_found(tmp_path: Path) -> None:
    whole = picture("AVIF")
    box = (8 + len(CLIP)).to_bytes(4) + b"mpvd" + CLIP
    assert looked(tmp_path / "a.avif", whole + box) == [(VIDEO, len(whole))]
    assert looked(tmp_path / "a.avif", whole + whole) == [(PICTURE, len(whole))]
    assert looked(tmp_path / "a.mp4", CLIP + CLIP) == [(VIDEO, len(CLIP))]
    sound = b"fLaC\0\0\0\x22" + bytes(40)
    assert looked(tmp_path / "a.jpg", picture("JPEG") + sound)[0][0] == RECORDING


def test_quiet_sound_behind_a_picture_is_not_a_second_picture(tmp_path: Path) -> None:
    quiet = b"RIFF\xff\0\0\0WAVE" + b"\xff\xff\xd8\xff\xe0\xff\xf2\xff\x10\0" * 40
    whole = picture("JPEG")
    assert looked(tmp_path / "a.jpg", whole + quiet) == [(RECORDING, len(whole))]
    assert looked(tmp_path / "a.jpg", whole + whole) == [(PICTURE, len(whole))]


def test_a_scan_says_that_what_lies_behind_was_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(picture("JPEG") + CLIP)
    report = scan(path, analyzers=("metadata",))
    (left,) = [one for one in report.not_checked if one.what.startswith("a video behind")]
    assert f"byte {len(picture('JPEG')):,}" in left.why
    path.write_bytes(picture("JPEG"))
    report = scan(path, analyzers=("metadata",))
    assert not any("behind" in one.what for one in report.not_checked)
