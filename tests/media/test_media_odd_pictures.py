"""Odd but whole pictures: read rightly, or refused as a coding that is not read; never garbage."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import make_media as make
from unmask.errors import UnreadableMedia, UnsupportedMedia
from unmask.media import probe, read_image
from unmask.types import Pixels

PHOTO = make.photo(60, 40)


def tiff(
    samples: np.ndarray, planar: int = 1, kind: int = 1, order: str = "<", compression: int = 1
) -> bytes:
    """A TIFF of one strip a plane; ``samples``: height × width × samples of any depth."""
    height, width, count = samples.shape
    laid = samples if planar == 1 else samples.transpose(2, 0, 1)
    data = laid.astype(samples.dtype.newbyteorder(order)).tobytes()
    planes = 1 if planar == 1 else count
    tags: list[tuple[int, str, list[int]]] = [
        (256, "I", [width]),
        (257, "I", [height]),
        (258, "H", [8 * samples.dtype.itemsize] * count),
        (259, "H", [compression]),
        (262, "H", [2 if count >= 3 else 1]),
        (273, "I", [400 + n * (len(data) // planes) for n in range(planes)]),
        (277, "H", [count]),
        (278, "I", [height]),
        (279, "I", [len(data) // planes] * planes),
        (284, "H", [planar]),
        (339, "H", [kind] * count),
    ]
    head, tail = struct.pack(order + "H", len(tags)), b""
    rest = 8 + 2 + 12 * len(tags) + 4
    for tag, form, values in tags:
        body = struct.pack(f"{order}{len(values)}{form}", *values)
        head += struct.pack(order + "HHI", tag, 3 if form == "H" else 4, len(values))
        if len(body) <= 4:
            head += body.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", rest + len(tail))
            tail += body
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return (mark + head + bytes(4) + tail).ljust(400, b"\0") + data


def bmp(bits: int, masks: tuple[int, int, int, int], rows: bytes) -> bytes:
    height, width = PHOTO.shape[:2]
    head = struct.pack("<IiiHHIIiiII", 108, width, height, 1, bits, 3, len(rows), 0, 0, 0, 0)
    head += struct.pack("<4I", *masks) + bytes(52)
    return (
        b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows
    )


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


DEEP = PHOTO.astype(np.uint16) * 257
READ = {
    "planes of 8 bits": tiff(PHOTO, planar=2),
    "16 bits": tiff(DEEP),
    "16 bits, big endian": tiff(DEEP, order=">"),
}
REFUSED = {
    "planes of 16 bits": tiff(DEEP, planar=2),
    "planes of 16 bits, big endian": tiff(DEEP, planar=2, order=">"),
    "planes of 16 bits with alpha": tiff(np.dstack([DEEP, DEEP[:, :, :1]]), planar=2),
    "32 bits": tiff(PHOTO.astype(np.uint32) << 24),
    "floats": tiff((PHOTO / 255).astype(np.float32), kind=3),
    "half floats": tiff((PHOTO / 255).astype(np.float16), kind=3),
    "grey of double floats": tiff((PHOTO[:, :, :1] / 255).astype(np.float64), kind=3),
    "five samples": tiff(np.dstack([PHOTO, PHOTO[:, :, :2]])),
    "deep grey with alpha": tiff(DEEP[:, :, :2]),
    "an unknown compression": tiff(PHOTO, compression=50_013),
    "big endian BigTIFF": b"MM\0+\0\x08\0\0" + bytes(200),
    "BMP of 4 bits each": bmp(16, (0xF00, 0xF0, 0xF, 0xF000), bytes(60 * 40 * 2)),
    "BMP of 10 bits each": bmp(
        32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000), bytes(60 * 40 * 4)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_the_pixels_are_those_of_the_common_coding(tmp_path: Path, what: str) -> None:
    assert np.array_equal(read_image(written(tmp_path / "a.tif", READ[what])), PHOTO)


@pytest.mark.parametrize("what", REFUSED)
def test_a_coding_that_is_not_read_is_not_called_damaged(tmp_path: Path, what: str) -> None:
    path = written(tmp_path / "a", REFUSED[what])
    for opened in (probe, read_image):
        with pytest.raises(UnsupportedMedia, match=r"this coding of .* is not read") as caught:
            opened(path)
        assert "Convert it" in str(caught.value)


@pytest.mark.parametrize("cut", [60, 200])
def test_a_cut_header_is_damage(tmp_path: Path, cut: int) -> None:
    with pytest.raises(UnreadableMedia, match="damaged"):
        read_image(written(tmp_path / "a.tif", READ["16 bits"][:cut]))


TRAILERS = {
    "nothing": b"",
    "half a mark": b"\xff",
    "text": b"SEFH" + bytes(range(200)) + b"SEFT",
    "marks": b"SEFH" + b"\xff\xe1\x00\x10junk\xff\xc0" + bytes(300),
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
@pytest.mark.parametrize("trailer", TRAILERS)
def test_a_jpeg_without_its_end_mark_is_read_with_a_note(
    tmp_path: Path, trailer: str, how: dict[str, object]
) -> None:
    whole = make.jpeg_bytes(make.photo(200, 150), **how)
    expected: Pixels = read_image(written(tmp_path / "whole.jpg", whole))
    path = written(tmp_path / "open.jpg", whole[:-2] + TRAILERS[trailer])
    assert np.array_equal(read_image(path), expected)
    assert any("end mark" in note for note in probe(path).notes)
    assert not any("end mark" in note for note in probe(tmp_path / "whole.jpg").notes)


@pytest.mark.parametrize("how", [{}, {"progressive": True}])
@pytest.mark.parametrize("missing", [6, 60, 700])
@pytest.mark.parametrize("end", [b"", b"\xff"])
def test_missing_pixels_are_not_made_up(
    tmp_path: Path, missing: int, end: bytes, how: dict[str, object]
) -> None:
    whole = make.jpeg_bytes(make.photo(200, 150), **how)
    path = written(tmp_path / "cut.jpg", whole[: -2 - missing] + end)
    with pytest.raises(UnreadableMedia):
        read_image(path)
