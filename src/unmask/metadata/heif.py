"""EXIF and XMP items of HEIC and AVIF pictures (ISO/IEC 23008-12, annex A)."""

from __future__ import annotations

from unmask.media.containers.iso import boxes
from unmask.media.containers.part import At, Part, block_at
from unmask.metadata import exif, xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import number

_MOST_BOXES, _MOST_BYTES = 2_000, 4_000_000
_FLAGS = 4
_MIME_XMP = b"application/rdf+xml"


def read(at: At, size: int, out: Collector) -> None:
    """Find the items by the tables of the ``meta`` box."""
    for top in boxes(at, 0, size, _MOST_BOXES):
        if top.kind == b"meta":
            _meta(at, top, out)
            return


def _meta(at: At, meta: Part, out: Collector) -> None:
    wanted: dict[int, bytes] = {}
    places: dict[int, list[tuple[int, int]]] = {}
    data_at = 0
    for box in boxes(at, meta.begin + _FLAGS, meta.end, _MOST_BOXES):
        if box.kind == b"iinf":
            wanted = _information(at, box)
        elif box.kind == b"iloc":
            places = _locations(at(box.begin, min(box.end - box.begin, _MOST_BYTES)))
        elif box.kind == b"idat":
            data_at = box.begin
    for item, kind in wanted.items():
        parts = places.get(item, [])
        body = b"".join(
            at(data_at + -offset - 1 if offset < 0 else offset, min(length, _MOST_BYTES))
            for offset, length in parts[:4]
        )
        if not body:
            out.note("an EXIF or XMP item has no place in the file")
        elif kind == b"Exif":
            start = 4 + number(body[:4])
            exif.read(block_at(body[start:]), out)
        else:
            xmp.read(body, out)


def _information(at: At, box: Part) -> dict[int, bytes]:
    version = number(at(box.begin, 1))
    found: dict[int, bytes] = {}
    first = box.begin + _FLAGS + (2 if version == 0 else 4)
    for entry in boxes(at, first, box.end, _MOST_BOXES):
        body = at(entry.begin, min(entry.end - entry.begin, 400))
        if entry.kind != b"infe" or not body or body[0] not in (2, 3):
            continue
        wide = 2 if body[0] == 2 else 4
        item, kind = number(body[4 : 4 + wide]), body[6 + wide : 10 + wide]
        if kind == b"Exif" or (kind == b"mime" and _MIME_XMP in body):
            found[item] = kind
        if len(found) >= 8:
            break
    return found


def _locations(body: bytes) -> dict[int, list[tuple[int, int]]]:
    """Extents of each item; an offset into ``idat`` is kept as ``-offset - 1``."""
    if len(body) < 8:
        return {}
    version = body[0]
    offset_size, length_size = body[4] >> 4, body[4] & 15
    base_size, index_size = body[5] >> 4, body[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    position = 6
    found: dict[int, list[tuple[int, int]]] = {}

    def take(size: int) -> int:
        nonlocal position
        position += size
        return number(body[position - size : position])

    for _ in range(min(take(wide), _MOST_BOXES)):
        item = take(wide)
        method = take(2) & 15 if version else 0
        take(2)
        base = take(base_size)
        extents = []
        for _ in range(min(take(2), 16)):
            take(index_size)
            offset, length = base + take(offset_size), take(length_size)
            extents.append((-offset - 1 if method == 1 else offset, length))
        found[item] = extents
        if position > len(body):
            break
    return found
