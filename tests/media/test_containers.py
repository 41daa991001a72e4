"""The walkers of containers: what they give, and that hostile files cost them little."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.media.containers import gif, id3, iso, jpeg, png, riff
from unmask.media.containers.part import MOST_BYTES, At, Part, block_at, file_at

MOST = 40
WILD = (0, 1, 2, 7, 8, 9, 15, 16, 17, 255, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
WALKERS: dict[str, Callable[[At, int], Iterator[Part]]] = {
    "iso": lambda at, end: iso.boxes(at, 0, end, MOST),
    "iso inside": lambda at, end: iso.inside(at, Part(b"", 0, end, end), b"moov", most=MOST),
    "jpeg": lambda at, end: jpeg.segments(at, end, MOST),
    "jpeg through": lambda at, end: jpeg.segments(at, end, MOST, through=True),
    "png": lambda at, end: png.chunks(at, end, MOST),
    "riff": lambda at, end: riff.chunks(at, end, MOST),
    "id3": lambda at, end: id3.frames(at, end, MOST),
    "gif": lambda at, end: gif.blocks(at, end, MOST),
}
"""Each gives at most ``MOST`` parts of the first so many bytes."""


class Counted:
    """Reads of a block, counted."""

    def __init__(self, data: bytes) -> None:
        self._at = block_at(data)
        self.reads = self.bytes = 0

    def __call__(self, offset: int, size: int) -> bytes:
        assert offset >= 0
        got = self._at(offset, size)
        self.reads += 1
        self.bytes += len(got)
        return got


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body


def long_box(kind: bytes, size: int, body: bytes = b"") -> bytes:
    return (1).to_bytes(4) + kind + size.to_bytes(8) + body


def segment(kind: int, body: bytes) -> bytes:
    return bytes((0xFF, kind)) + (2 + len(body)).to_bytes(2) + body


TAG = b"ID3\4\0\0\x7f\x7f\x7f\x7f"
numbers = st.sampled_from(WILD) | st.integers(0, (1 << 32) - 1) | st.integers(0, 300)
octets = st.integers(0, 255)
heads = st.one_of(
    st.builds(lambda n, kind: n.to_bytes(4) + kind, numbers, st.sampled_from((b"moov", b"IEND"))),
    st.builds(lambda n: b"C2PA" + n.to_bytes(4, "little"), numbers),
    st.builds(lambda n: long_box(b"moov", n << 31), numbers),
    st.builds(lambda kind, n: bytes((0xFF, kind)) + n.to_bytes(4)[2:], octets, numbers),
    st.builds(
        lambda label, body: b"!" + bytes((label, len(body))) + body, octets, st.binary(max_size=255)
    ),
    st.builds(lambda flags: b"," + bytes(8) + bytes((flags, 2)), octets),
    st.builds(lambda n, flag: b"GEOB" + n.to_bytes(4) + bytes((0, flag)), numbers, octets),
    st.binary(max_size=40),
)
files = st.builds(
    lambda first, parts: first + b"".join(parts),
    st.sampled_from((b"", b"\xff\xd8", b"GIF89a" + bytes(7), TAG, b"\x89PNG\r\n\x1a\n", bytes(12))),
    st.lists(heads, max_size=60),
)


@pytest.mark.parametrize("name", WALKERS)
@settings(max_examples=150, deadline=None)
@given(files, st.integers(0, 30))
def test_any_octetsare_walked_within_bounds(name: str, data: bytes, behind: int) -> None:
    at, end = Counted(data), max(0, len(data) - behind)
    before = -1
    for count, part in enumerate(WALKERS[name](at, end)):
        assert count < MOST
        assert before < part.begin
        before = part.begin
        assert part.length >= 0
        assert part.room == max(0, end - part.begin)
        assert part.outside == (part.begin + part.length > end and part.length > 0)
        assert part.end == part.begin + min(part.length, part.room)
    if name == "gif":
        assert at.reads <= 2 + 2 * MOST + len(data)
        assert at.bytes <= 13 + 12 * MOST + len(data)
    elif name == "jpeg through":
        assert at.reads <= 2 * MOST
        assert at.bytes <= 4 * MOST + MOST * len(data)
    else:
        assert at.reads <= 2 + MOST
        assert at.bytes <= 14 + 16 * MOST


@pytest.mark.parametrize("name", WALKERS)
@settings(max_examples=60, deadline=None)
@given(files)
def test_what_is_found_lies_where_it_is_said(name: str, data: bytes) -> None:
    from_file = file_at(io.BytesIO(data))
    assert list(WALKERS[name](from_file, len(data))) == list(
        WALKERS[name](block_at(data), len(data))
    )


def test_boxes_with_every_form_of_length() -> None:
    data = box(b"ftyp", b"abcd") + long_box(b"free", 18, b"xy") + bytes(4) + b"mdatrest"
    found = list(iso.boxes(block_at(data), 0, len(data)))
    assert [(part.kind, data[part.begin : part.end]) for part in found] == [
        (b"ftyp", b"abcd"),
        (b"free", b"xy"),
        (b"mdat", b"rest"),
    ]
    assert not any(part.outside for part in found)


def test_a_length_that_leads_out_is_told_and_cut() -> None:
    big = (1 << 32) - 1
    (part,) = iso.boxes(block_at(big.to_bytes(4) + b"uuidrest"), 0, 12)
    assert (part.length, part.room, part.end, part.outside) == (big - 8, 4, 12, True)
    (part,) = iso.boxes(block_at(long_box(b"uuid", (1 << 64) - 1, b"rest")), 0, 20)
    assert (part.length, part.end, part.outside) == ((1 << 64) - 17, 20, True)
    (part,) = png.chunks(block_at(bytes(8) + big.to_bytes(4) + b"caBXrest"), 20)
    assert (part.length, part.end, part.outside) == (big, 20, True)
    (part,) = riff.chunks(block_at(bytes(12) + b"C2PA" + big.to_bytes(4) + b"rest"), 24)
    assert (part.length, part.end, part.outside) == (big, 24, True)
    (part,) = jpeg.segments(block_at(b"\xff\xd8\xff\xeb\xff\xffrest"), 10)
    assert (part.length, part.end, part.outside) == (65533, 10, True)
    (part,) = gif.blocks(block_at(b"GIF89a" + bytes(7) + b"!\xff\xffrest"), 20)
    assert (part.length, part.end, part.outside) == (257, 20, True)


@pytest.mark.parametrize("size", range(2, 16))
def test_a_box_shorter_than_its_header_ends_the_walk(size: int) -> None:
    data = long_box(b"free", size) + box(b"moov")
    assert not list(iso.boxes(block_at(data), 0, len(data)))
    if size < 8:
        assert not list(iso.boxes(block_at(size.to_bytes(4) + b"free" + data), 0, len(data)))


def test_boxes_nested_deep_cost_the_levels_that_are_asked_for() -> None:
    depth = 10_000
    data = b"".join((8 * (depth - level)).to_bytes(4) + b"moov" for level in range(depth))
    at = Counted(data)
    top = Part(b"", 0, len(data), len(data))
    (found,) = iso.inside(at, top, b"moov", b"moov", b"moov")
    assert found.begin == 24
    assert at.reads < 10


def test_many_boxes_on_all_levels_share_one_bound() -> None:
    data = box(b"moov", box(b"trak", box(b"mdia") * 100) * 100)
    at = Counted(data)
    top = Part(b"", 0, len(data), len(data))
    found = list(iso.inside(at, top, b"moov", b"trak", b"mdia", most=500))
    assert 400 < len(found) < 500
    assert at.reads <= 600


def test_segments_before_and_behind_the_pixels() -> None:
    app = segment(0xE1, b"before")
    scan = segment(0xDA, b"scan") + b"\x12\xff\x00\x34\xff\xd3\x56"
    data = b"\xff\xd8\xff" + app + scan + segment(0xEB, b"behind") + b"\xff\xd9" + app
    at = block_at(data)
    assert [
        (part.kind[0], data[part.begin : part.end]) for part in jpeg.segments(at, len(data))
    ] == [
        (0xE1, b"before"),
        (0xDA, b"scan"),
    ]
    kinds = [part.kind[0] for part in jpeg.segments(at, len(data), through=True)]
    assert kinds == [0xE1, 0xDA, 0xEB]
    behind = b"\xff\xd8\xff\xd0\xff\x01" + app + b"\xff\xd9"
    assert len(list(jpeg.segments(block_at(behind), len(behind), through=True))) == 1


def test_a_marker_is_found_behind_many_pixels() -> None:
    pixels = bytes(300_000)
    for place in (0, 4094, 4095, 4096, 12_287, 299_999):
        data = pixels[:place] + b"\xff\xd9" + pixels[place:]
        assert jpeg.next_marker(block_at(data), 0, len(data)) == place
    assert jpeg.next_marker(block_at(pixels), 0, len(pixels)) is None


def test_chunks_of_odd_length_are_padded_in_riff_and_summed_up_in_png() -> None:
    data = bytes(12) + b"XMP \x03\0\0\0abc\0" + b"C2PA\x02\0\0\0xy"
    found = [data[part.begin : part.end] for part in riff.chunks(block_at(data), len(data))]
    assert found == [b"abc", b"xy"]
    data = bytes(8) + b"\0\0\0\x03tEXtabcCCCC" + b"\0\0\0\0IENDCCCC" + b"\0\0\0\0late"
    found = [part.kind for part in png.chunks(block_at(data), len(data))]
    assert found == [b"tEXt", b"IEND"]


def test_frames_behind_an_extended_header_and_with_a_length_added() -> None:
    extended, added = b"\0\0\0\6" + bytes(2), b"\0\0\0\3"
    frames = b"WOAS\0\0\0\2\0\0ab" + b"PRIV\0\0\0\7\0\1" + added + b"xyz"
    data = b"ID3\4\0\x40\0\0\0\x40" + extended + frames + bytes(40)
    found = [(part.kind, data[part.begin : part.end]) for part in id3.frames(block_at(data), 74)]
    assert found == [(b"WOAS", b"ab"), (b"PRIV", b"xyz")]
    (part,) = id3.frames(block_at(TAG + b"GEOB\x7f\x7f\x7f\x7f\0\0rest"), 24)
    assert (part.length, part.end, part.outside) == ((1 << 28) - 1, 24, True)


def test_blocks_of_a_gif_tell_their_pieces() -> None:
    table = bytes((0x80, 0, 0)) + bytes(6)
    picture = b"," + bytes(8) + b"\x80" + bytes(6) + b"\x02\x03pix\0"
    data = b"GIF89a" + bytes(4) + table + b"!\xfe\x02ab\x01c\0" + picture + b";" + picture
    comment, image = gif.blocks(block_at(data), len(data))
    assert comment.kind == gif.COMMENT
    assert [data[begin : begin + size] for begin, size in comment.pieces()] == [b"ab", b"c"]
    assert data[comment.begin : comment.end] == b"\x02ab\x01c\0"
    assert image.kind == gif.IMAGE
    assert data[image.begin : image.end] == b"\x03pix\0"


def test_a_file_of_nothing_but_headers_costs_bounded_time_and_memory() -> None:
    size = 1 << 40

    def endless(pattern: bytes) -> At:
        def at(offset: int, length: int) -> bytes:
            skip = offset % len(pattern)
            return (pattern * (length // len(pattern) + 2))[skip : skip + min(length, MOST_BYTES)]

        return at

    patterns = (
        box(b"free"),
        b"\xff\xe1\0\2",
        b"\0\0\0\0tEXt1234",
        b"C2PA\0\0\0\0",
        b"!\xfe\0",
        b"\1",
    )
    begun = time.process_time()
    tracemalloc.start()
    for walk in WALKERS.values():
        for pattern in patterns:
            if walk is not WALKERS["jpeg through"] or pattern[0] == 0xFF:
                assert sum(1 for _ in walk(endless(pattern), size)) <= MOST
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
    assert time.process_time() - begun < 10


def test_sub_blocks_without_end_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gif, "_MOST_PIECES", 1000)
    data = b"GIF89a" + bytes(7) + b"!\xfe" + b"\1a" * 5000
    (block,) = gif.blocks(block_at(data), len(data))
    assert len(block.sizes) == 1000


def test_reads_of_a_file_are_cut_and_never_fail() -> None:
    at = file_at(io.BytesIO(bytes(MOST_BYTES + 10)))
    assert len(at(0, 1 << 40)) == MOST_BYTES
    assert at(-1, 4) == at(1 << 70, 4) == at(5, -1) == at(MOST_BYTES + 10, 1) == b""
