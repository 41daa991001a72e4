"""The chunks of a PNG (W3C, PNG, third edition, section 5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.media.containers.part import MOST_PARTS, At, Part

_SIGNATURE, _HEAD, _CHECKSUM = 8, 8, 4


def chunks(at: At, end: int, most: int = MOST_PARTS) -> Iterator[Part]:
    """The chunks of a file of ``end`` bytes up to its IEND, which is the last one given."""
    begin = _SIGNATURE
    for _ in range(most):
        head = at(begin, _HEAD) if begin + _HEAD <= end else b""
        if len(head) < _HEAD:
            return
        length, kind, content = int.from_bytes(head[:4]), head[4:], begin + _HEAD
        yield Part(kind, content, length, end - content)
        if kind == b"IEND":
            return
        begin = content + length + _CHECKSUM
