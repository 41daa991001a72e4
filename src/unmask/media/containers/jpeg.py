"""The segments of a JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unmask.media.containers.part import MOST_PARTS, At, Part

SOS = b"\xda"
_EOI, _FILL = b"\xd9", b"\xff"
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length, which stand between pixels only."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START, _HEAD = 2, 4
_FIRST_BLOCK, _BLOCK = 1 << 12, 1 << 20


def segments(at: At, end: int, most: int = MOST_PARTS, through: bool = False) -> Iterator[Part]:
    """The segments of a file of ``end`` bytes; their type is the second byte of their marker.

    The walk ends behind the first scan's header and where no marker stands. With ``through`` it
    looks for the next marker there, and ends with the picture.
    """
    begin: int | None = _START
    for _ in range(most):
        head = at(begin, _HEAD) if begin is not None and begin + _HEAD <= end else b""
        if begin is None or len(head) < _HEAD:
            return
        kind, length = head[1:2], int.from_bytes(head[2:])
        if head[:1] != _FILL:
            begin = next_marker(at, begin, end) if through else None
        elif kind == _EOI:
            return
        elif kind == _FILL:
            begin += 1
        elif through and kind[0] in _BARE:
            begin += 2
        elif length < 2:
            begin = next_marker(at, begin + 2, end) if through else None
        else:
            yield Part(kind, begin + _HEAD, length - 2, end - begin - _HEAD)
            begin += 2 + length
            if kind == SOS:
                begin = next_marker(at, begin, end) if through else None


def next_marker(at: At, begin: int, end: int) -> int | None:
    """Where the next marker after coded pixels begins; None if there is none."""
    length = _FIRST_BLOCK
    while begin < end:
        block = at(begin, length)
        if hit := _MARKER.search(block):
            return begin + hit.start()
        if len(block) < 2:
            return None
        begin += len(block) - 1
        length = min(2 * length, _BLOCK)
    return None
