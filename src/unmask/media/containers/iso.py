"""The boxes of ISO base media files (ISO/IEC 14496-12): MP4, MOV, HEIC, AVIF."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.media.containers.part import MOST_PARTS, At, Part

_SHORT, _LONG = 8, 16


def boxes(at: At, begin: int, end: int, most: int = MOST_PARTS) -> Iterator[Part]:
    """The boxes between two bytes; stops at one that is shorter than its own header."""
    return _boxes(at, begin, end, iter(range(most)))


def inside(at: At, parent: Part, *kinds: bytes, most: int = MOST_PARTS) -> Iterator[Part]:
    """Boxes of a path of types below a box: ``inside(at, moov, b"trak", b"mdia")``.

    ``most`` bounds the boxes that are looked at on all levels together.
    """
    return _inside(at, parent, kinds, iter(range(most)))


def _inside(at: At, parent: Part, kinds: tuple[bytes, ...], steps: Iterator[int]) -> Iterator[Part]:
    for box in _boxes(at, parent.begin, parent.end, steps):
        if box.kind != kinds[0]:
            continue
        if len(kinds) == 1:
            yield box
        else:
            yield from _inside(at, box, kinds[1:], steps)


def _boxes(at: At, begin: int, end: int, steps: Iterator[int]) -> Iterator[Part]:
    for _ in steps:
        head = at(begin, _LONG) if begin + _SHORT <= end else b""
        if len(head) < _SHORT:
            return
        size, header = int.from_bytes(head[:4]), _SHORT
        if size == 1 and len(head) == _LONG:
            size, header = int.from_bytes(head[8:]), _LONG
        elif size == 0:
            size = end - begin
        if size < header:
            return
        content = begin + header
        yield Part(head[4:8], content, size - header, max(0, end - content))
        begin += size
