"""The boxes of ISO base media files (ISO/IEC 14496-12): MP4, MOV, HEIC, AVIF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unmask.metadata.source import At, number

MOST_BOXES = 2_000


@dataclass(frozen=True, slots=True)
class IsoBox:
    """A box: its type and where its content begins and ends."""

    kind: bytes
    begin: int
    end: int


def boxes(at: At, begin: int, end: int) -> Iterator[IsoBox]:
    """The boxes between two bytes, at most ``MOST_BOXES``; stops where sizes make no sense."""
    for _ in range(MOST_BOXES):
        head = at(begin, 16)
        if len(head) < 8 or begin + 8 > end:
            return
        size, kind, header = number(head[:4]), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, header = number(head[8:16]), 16
        elif size == 0:
            size = end - begin
        if size < header:
            return
        yield IsoBox(kind, begin + header, min(begin + size, end))
        begin += size


def inside(at: At, parent: IsoBox, *kinds: bytes) -> Iterator[IsoBox]:
    """Boxes of a path of types below a box: ``inside(at, moov, b"trak", b"mdia")``."""
    for box in boxes(at, parent.begin, parent.end):
        if box.kind == kinds[0]:
            if len(kinds) == 1:
                yield box
            else:
                yield from inside(at, box, *kinds[1:])
