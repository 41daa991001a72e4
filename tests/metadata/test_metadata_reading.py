"""Tags are read from every container."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from metadata_samples import camera, exif, packet, photo
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from unmask.metadata.fields import Collector
from unmask.metadata.reading import read_metadata
from unmask.metadata.text import decoded, shown, user_comment

SOURCE = packet("<I:DigitalSourceType>http://x/trainedAlgorithmicMedia</I:DigitalSourceType>")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif"])
def test_exif_is_read_from_every_kind_of_picture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    photo().save(path, exif=exif(Make="Canon", DateTimeOriginal="2014:05:01 12:00:00"))
    metadata = read_metadata(path)
    assert metadata.text("exif:Make") == "Canon"
    assert metadata.text("exif:DateTimeOriginal") == "2014:05:01 12:00:00"
    assert metadata.notes == ()


def test_tags_of_tiff(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.tif", tiffinfo={271: "Canon", 305: "GIMP"})
    metadata = read_metadata(tmp_path / "a.tif")
    assert metadata.text("exif:Make") == "Canon"
    assert metadata.text("exif:Software") == "GIMP"


@pytest.mark.parametrize("suffix", ["jpg", "webp", "tif", "avif"])
def test_xmp_is_read_from_every_kind_of_picture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    extra = {"tiffinfo": {700: SOURCE.encode()}} if suffix == "tif" else {"xmp": SOURCE.encode()}
    photo().save(path, **extra)
    key = "xmp:Iptc4xmpExt:DigitalSourceType"
    assert read_metadata(path).text(key) == "http://x/trainedAlgorithmicMedia"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_text_chunks_of_png(tmp_path: Path, packed: bool, wide: bool) -> None:
    info = PngInfo()
    text = "灯台 a lighthouse" if wide else "a lighthouse"
    (info.add_itxt if wide else info.add_text)("parameters", text, zip=packed)
    info.add_itxt("XML:com.adobe.xmp", SOURCE)
    photo().save(tmp_path / "a.png", pnginfo=info)
    metadata = read_metadata(tmp_path / "a.png")
    assert metadata.text("png:parameters") == text
    assert metadata.text("xmp:Iptc4xmpExt:DigitalSourceType")


def test_comments_of_gif_and_jpeg(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.gif", comment=b"holiday")
    photo().save(tmp_path / "a.jpg", comment=b"holiday")
    assert read_metadata(tmp_path / "a.gif").text("gif:Comment") == "holiday"
    assert read_metadata(tmp_path / "a.jpg").text("jpeg:Comment") == "holiday"


def test_iptc_of_jpeg(tmp_path: Path) -> None:
    credit = b"Made with Google AI"
    record = b"\x1c\x02\x6e" + struct.pack(">H", len(credit)) + credit
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0"
    body = b"Photoshop 3.0\0" + resource
    photo().save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    segment = b"\xff\xed" + struct.pack(">H", len(body) + 2) + body
    (tmp_path / "a.jpg").write_bytes(data[:2] + segment + data[2:])
    assert read_metadata(tmp_path / "a.jpg").text("iptc:Credit") == "Made with Google AI"


def test_coding_of_jpeg(tmp_path: Path) -> None:
    camera(tmp_path / "a.jpg")
    jpeg = read_metadata(tmp_path / "a.jpg").jpeg
    assert jpeg is not None
    assert (jpeg.width, jpeg.height, jpeg.progressive) == (480, 360, False)
    assert jpeg.sampling == ((2, 2), (1, 1), (1, 1))
    from unmask.metadata.tables import library_quality

    assert library_quality(jpeg.tables) == 90


def test_tags_of_recordings(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        out.metadata["comment"] = "made with suno"
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    metadata = read_metadata(path)
    assert metadata.text("container:comment") == "made with suno"
    assert metadata.text("container:encoder").startswith("Lavf")
    assert metadata.has("container")


def test_address_frames_of_id3() -> None:
    from unmask.media.containers.part import block_at
    from unmask.metadata import id3

    url = b"https://suno.com/song/1"
    frame = b"WOAS" + struct.pack(">I", len(url)) + b"\0\0" + url
    out = Collector()
    data = b"ID3\3\0\0" + bytes([0, 0, 0, len(frame)]) + frame
    id3.read(block_at(data), len(data), out)
    assert out.done().text("id3:WOAS") == url.decode()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("written", ["utf-16-le", "utf-16-be"])
def test_user_comment_in_either_byte_order(order: str, written: str) -> None:
    data = b"UNICODE\0" + "Steps: 20, Seed: 1".encode(written)
    assert user_comment(data, order) == "Steps: 20, Seed: 1"
    assert user_comment(b"ASCII\0\0\0plain", order) == "plain"


def test_text_of_unknown_encoding() -> None:
    assert decoded("é".encode()) == "é"
    assert decoded("é".encode("latin-1")) == "é"
    assert decoded("é".encode("utf-16")) == "é"
    assert shown("a\n\u202eb\0 c" + "d" * 500, 10) == "a b cdddd…"


def test_hidden_text_of_transparency(tmp_path: Path) -> None:
    import gzip

    from unmask.metadata.stealth import hidden

    for word, data in (
        (b"stealth_pnginfo", b'{"Comment": 1}'),
        (b"stealth_pngcomp", gzip.compress(b'{"Comment": 1}')),
    ):
        stream = word + (8 * len(data)).to_bytes(4, "big") + data
        bits = np.unpackbits(np.frombuffer(stream, np.uint8))
        flat = np.full(40 * 30, 255, np.uint8)
        flat[: len(bits)] = 254 | bits
        assert hidden(flat.reshape(40, 30).T) == '{"Comment": 1}'
    assert hidden(np.full((30, 40), 255, np.uint8)) == ""
    Image.new("RGBA", (4, 4)).save(tmp_path / "tiny.png")
    assert read_metadata(tmp_path / "tiny.png").fields == ()
