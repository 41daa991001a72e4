"""A second file behind the first: the video of a motion photo, a gain map, whatever was appended.

A viewer shows the first alone, and so the first alone is judged. What lies behind it is looked for
by how files begin, so that it can be named.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from unmask.media import sniff
from unmask.media._source import open_regular
from unmask.media.containers import gif, iso, jpeg, png
from unmask.media.containers.part import At, file_at

VIDEO, PICTURE, RECORDING = "video", "picture", "recording"
_ISO = rb"\x00\x00[\x00-\x03][\x08-\xfc]ftyp[0-9A-Za-z]{2}"
_VIDEO = re.compile(_ISO, re.DOTALL)
_ANY = re.compile(
    b"(?P<iso>" + _ISO + rb"[0-9A-Za-z ]{2})"
    rb"|(?P<picture>\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|GIF8[79]a)"
    rb"|(?P<recording>RIFF.{4}WAVE|fLaC\x00\x00\x00\x22|OggS\x00\x02|ID3[\x02-\x04]\x00)"
    rb"|(?P<video>RIFF.{4}AVI |\x1aE\xdf\xa3)",
    re.DOTALL,
)
_STILLS = (b"heic", b"heix", b"mif1", b"avif", b"heim", b"heis")
_SEGMENTS = 4
"""Segments in a row that make a JPEG."""
_BLOCK, _OVERLAP, _MOST = 1 << 20, 64, 256 << 20


def behind(path: Path) -> list[tuple[str, int]]:
    """What follows the first file in this one: its kind and the byte where it begins, each once.

    Reads no more than the first 256 MB behind it. Raises MediaError if the file cannot be read.
    """
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        size = file.seek(0, io.SEEK_END)
        at = file_at(file)
        if container is sniff.JPEG:
            found = list(_behind_jpeg(at, size))
        elif container in (sniff.MP4, sniff.HEIC, sniff.HEIS, sniff.AVIF, sniff.AVIS):
            found = list(_boxes(at, size))
        else:
            end = _end(container, at, size)
            found = list(_search(at, end or 8, size, _ANY if end else _VIDEO))
    first: dict[str, int] = {}
    for kind, begin in found:
        first.setdefault(kind, begin)
    return list(first.items())


def _behind_jpeg(at: At, size: int) -> Iterator[tuple[str, int]]:
    """A video is found even where the picture has no end mark; the rest behind the mark only."""
    scan = last = 0
    for part in jpeg.segments(at, size, through=True):
        scan = scan or (part.end if part.kind == jpeg.SOS else 0)
        last = part.end
    mark = jpeg.next_marker(at, last, size) if scan else None
    closed = mark is not None and at(mark, 2) == b"\xff\xd9"
    if scan and not closed:
        yield from _search(at, scan, size, _VIDEO)
    elif mark is not None:
        yield from _search(at, mark + 2, size, _ANY)


def _boxes(at: At, size: int) -> Iterator[tuple[str, int]]:
    """A second file type box at the top, or the box of a motion photo."""
    seen = False
    for part in iso.boxes(at, 0, size):
        begin = part.begin - 8
        if part.kind == b"mpvd":
            yield VIDEO, begin
        elif part.kind == b"ftyp":
            if seen:
                yield (PICTURE if at(part.begin, 4) in _STILLS else VIDEO), begin
            seen = True
        elif not part.kind.isalnum():  # no box any more
            yield from _search(at, begin, size, _ANY)
            return


def _end(container: sniff.Container, at: At, size: int) -> int:
    """Where the first file ends; 0 for a picture that does not say, else the end of all."""
    if container is sniff.PNG:
        ends = [part.end + 4 for part in png.chunks(at, size) if part.kind == b"IEND"]
        return ends[0] if ends else size
    if container in (sniff.WEBP, sniff.WAV, sniff.AVI):
        return min(size, 8 + int.from_bytes(at(4, 4), "little"))
    if container is sniff.BMP:
        return min(size, int.from_bytes(at(2, 4), "little") or size)
    if container is sniff.GIF:
        end = max((part.begin + part.length for part in gif.blocks(at, size)), default=size)
        return end + 1
    return 0 if container.is_picture else size


def _search(at: At, begin: int, size: int, pattern: re.Pattern[bytes]) -> Iterator[tuple[str, int]]:
    end = min(size, begin + _MOST)
    while begin < end:
        block = at(begin, _BLOCK + _OVERLAP)
        for hit in pattern.finditer(block):
            kind = hit.lastgroup or "iso"
            if kind == PICTURE and hit[0][:1] == b"\xff" and not _jpeg(at, begin + hit.start()):
                continue
            if kind == "iso":
                kind = PICTURE if block[hit.start() + 8 : hit.start() + 12] in _STILLS else VIDEO
            yield kind, begin + hit.start()
        begin += _BLOCK


def _jpeg(at: At, begin: int) -> bool:
    """Whether segments follow each other: the first three bytes alone also stand in quiet sound."""
    place = begin + 2
    for _ in range(_SEGMENTS):
        head = at(place, 4)
        if len(head) < 4 or head[0] != 0xFF or head[1] < 0xC0 or 0xD0 <= head[1] <= 0xD9:
            return False
        if head[1] == 0xDA:
            return True
        place += 2 + int.from_bytes(head[2:], "big")
    return True
