"""The frames of an ID3v2 tag, versions 2.3 and 2.4 (id3.org), before MP3 and FLAC."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.media.containers.part import MOST_PARTS, At, Part

HEAD = 10
_THIRD, _FOURTH = 3, 4
_EXTENDED, _LENGTH_ADDED = 0x40, 0x01


def frames(at: At, end: int, most: int = MOST_PARTS) -> Iterator[Part]:
    """The frames of the tag at the beginning of a file of ``end`` bytes, up to its padding."""
    head = at(0, HEAD)
    if len(head) < HEAD or head[:3] != b"ID3" or head[3] not in (_THIRD, _FOURTH):
        return
    fourth, begin, last = head[3] == _FOURTH, HEAD, HEAD + syncsafe(head[6:])
    if head[5] & _EXTENDED:
        extended = at(begin, 4)
        begin += syncsafe(extended) if fourth else 4 + int.from_bytes(extended)
    for _ in range(most):
        frame = at(begin, HEAD) if begin + HEAD <= min(last, end) else b""
        if len(frame) < HEAD or not frame[0]:
            return
        size = syncsafe(frame[4:8]) if fourth else int.from_bytes(frame[4:8])
        skipped = min(size, 4) if fourth and frame[9] & _LENGTH_ADDED else 0
        content = begin + HEAD + skipped
        yield Part(frame[:4], content, size - skipped, max(0, end - content))
        begin += HEAD + size


def syncsafe(data: bytes) -> int:
    """A number of seven bits a byte."""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value
