"""Hostile metadata cost neither memory nor time, and never an exception."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metadata_samples import analysed, camera, packet, photo

from unmask.media.containers.part import block_at
from unmask.metadata import exif, gif, heif, id3, iptc, jpeg, mp4, png, webp, xmp
from unmask.metadata.declared import extract
from unmask.metadata.fields import LONGEST_VALUE, MOST_FIELDS, Collector
from unmask.metadata.reading import read_metadata

BILLION = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&c;</x:xmpmeta>'
)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(path: Path, *chunks: bytes) -> Path:
    photo(width=64, height=48).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + b"".join(chunks) + data[33:])
    return path


def test_entities_of_xmp_are_refused() -> None:
    out = Collector()
    xmp.read(BILLION.encode(), out)
    assert out.fields == []
    assert "document type" in out.notes[0]


def test_outside_files_are_not_opened() -> None:
    out = Collector()
    text = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    xmp.read(text.encode(), out)
    assert out.fields == []


def test_deep_and_wide_xmp_is_refused() -> None:
    for text in ("<a>" * 5000, "<a>" + "<b/>" * 50_000 + "</a>"):
        out = Collector()
        xmp.read(text.encode(), out)
        assert out.notes


def test_a_bomb_of_compressed_text_is_cut(tmp_path: Path) -> None:
    bomb = b"parameters\0\0" + zlib.compress(bytes(30_000_000), 9)
    path = with_chunk(tmp_path / "a.png", chunk(b"zTXt", bomb))
    tracemalloc.start()
    metadata = read_metadata(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any("grows" in note for note in metadata.notes)
    assert peak < 20_000_000


def test_a_hundred_megabytes_of_text_are_cut(tmp_path: Path) -> None:
    path = with_chunk(tmp_path / "a.png")
    with path.open("r+b") as file:
        file.seek(33)
        file.write(struct.pack(">I", 100_000_000) + b"tEXtparameters\0" + b"x" * 5_000_000)
        file.truncate(100_001_000)
    begun = time.process_time()
    metadata = read_metadata(path)
    assert time.process_time() - begun < 2
    assert len(metadata.text("png:parameters")) == LONGEST_VALUE
    assert metadata.notes


def test_directories_in_circles_end() -> None:
    block = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1)
    block += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    out = Collector()
    exif.read(block_at(block), out)
    assert "circles" in out.notes[0]


def test_many_values_of_one_place_cost_little() -> None:
    entries = b"".join(struct.pack("<HHII", 0x9000 + i, 2, 900_000, 100) for i in range(500))
    block = b"II*\0" + struct.pack("<IH", 8, 500) + entries + b"x" * 1_000_000
    out = Collector()
    begun = time.process_time()
    exif.read(block_at(block), out)
    assert time.process_time() - begun < 3
    assert any("more than" in note for note in out.notes)


def test_many_bombs_cost_no_more_than_a_few(tmp_path: Path) -> None:
    bomb = chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(bytes(3_000_000), 9))
    path = with_chunk(tmp_path / "a.png", *[bomb] * 400)
    begun = time.process_time()
    metadata = read_metadata(path)
    assert time.process_time() - begun < 3
    assert any("more than" in note for note in metadata.notes)


def test_a_directory_of_many_entries_is_refused() -> None:
    out = Collector()
    exif.read(block_at(b"II*\0" + struct.pack("<IH", 8, 65_535) + bytes(800_000)), out)
    assert "65535" in out.notes[0]


def test_a_value_that_points_outside_is_noted(tmp_path: Path) -> None:
    block = (
        b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x010F, 2, 900, 4_000_000_000)
    )
    photo().save(tmp_path / "a.jpg", exif=b"Exif\0\0" + block + bytes(4))
    result = analysed(tmp_path / "a.jpg")
    assert any("outside" in one.why for one in result.not_checked)


def test_many_tags_are_bounded(tmp_path: Path) -> None:
    chunks = [chunk(b"tEXt", b"k%d\0v" % number) for number in range(MOST_FIELDS + 500)]
    metadata = read_metadata(with_chunk(tmp_path / "a.png", *chunks))
    assert len(metadata.fields) == MOST_FIELDS
    assert metadata.notes


def test_markup_and_control_characters_stay_text(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.jpg", Software="<script>alert(1)</script>\x1b[31m\u202e")
    reason = analysed(path).findings[0].reason
    assert "\x1b" not in reason
    assert "\u202e" not in reason
    from unmask import scan
    from unmask.report.html import to_html

    page = to_html(scan(path, analyzers=["metadata"]))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_deep_json_is_harmless() -> None:
    assert extract("json", "[" * 60_000) == {}
    assert extract("comfyui", '{"a":' * 500 + "1" + "}" * 500) == {}


def test_a_damaged_block_leaves_the_rest_readable(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.jpg", xmp=b"<x:xmpmeta", comment=b"holiday")
    result = analysed(tmp_path / "a.jpg")
    assert any("XMP" in one.why for one in result.not_checked)
    assert result.findings[0].details["comment"] == "holiday"


def readers(data: bytes) -> None:
    at, out = block_at(data), Collector()
    exif.read(at, out)
    gif.read(at, out)
    heif.read(at, len(data), out)
    mp4.read(at, len(data), out)
    id3.read(at, len(data), out)
    webp.read(at, len(data), out)
    jpeg.read(at, len(data), out)
    png.read(at, len(data), out)
    iptc.read(data, out)
    iptc.read_resources(data, out)
    xmp.read(data, out)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("seeds")
    made = [camera(folder / f"a.{suffix}") for suffix in ("jpg", "png", "webp", "tif", "avif")]
    photo().save(folder / "a.gif", comment=b"holiday")
    made.append(folder / "a.gif")
    return [path.read_bytes()[:4000] for path in made] + [packet("<xmp:A>b</xmp:A>").encode()]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 6),
    st.lists(st.tuples(st.integers(0, 3999), st.integers(0, 255)), max_size=30),
    st.integers(0, 4000),
)
def test_no_bytes_make_a_reader_fail(
    seeds: list[bytes], which: int, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(seeds[which][: max(cut, 4)])
    for place, value in edits:
        data[place % len(data)] = value
    readers(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_make_no_reader_fail(data: bytes) -> None:
    readers(data)
    readers(b"II*\0\x08\0\0\0" + data)
    readers(b"\0\0\x01\0meta\0\0\0\0" + data)
