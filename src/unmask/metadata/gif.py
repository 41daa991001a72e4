"""The extensions of a GIF: comments and an XMP packet (GIF89a, chapters 24 and 26)."""

from __future__ import annotations

from unmask.metadata import xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import At
from unmask.metadata.text import decoded

_MOST_BLOCKS, _HEAD = 4_000, 4_000_000
_XMP, _TRAILER = b"XMP DataXMP", 258


def read(at: At, out: Collector) -> None:
    """Read the extensions in the first 4 MB."""
    data = at(0, _HEAD)
    if len(data) < 13:
        return
    position = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    for _ in range(_MOST_BLOCKS):
        mark = data[position : position + 1]
        if mark == b"\x21":
            label = data[position + 1 : position + 2]
            body, position, raw = _blocks(data, position + 2)
            if label == b"\xfe":
                out.add("gif", "Comment", decoded(body))
            elif label == b"\xff" and body.startswith(_XMP):
                _packet(raw, out)
        elif mark == b"\x2c" and position + 10 <= len(data):
            flags = data[position + 9]
            position += 10 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
            _, position, _ = _blocks(data, position + 1)
        else:
            return


def _blocks(data: bytes, position: int) -> tuple[bytes, int, bytes]:
    """The content of a chain of sub-blocks, the position behind it, and the chain itself."""
    begin, parts = position, []
    while position < len(data) and (size := data[position]):
        parts.append(data[position + 1 : position + 1 + size])
        position += 1 + size
    return b"".join(parts), position + 1, data[begin : position + 1]


def _packet(raw: bytes, out: Collector) -> None:
    """The packet stands there unblocked; 258 bytes after it lead readers of blocks to the end."""
    packet = raw[:-_TRAILER] if raw[-_TRAILER : -_TRAILER + 2] == b"\x01\xff" else raw
    begin, end = packet.find(b"<"), packet.rfind(b">")
    if 0 <= begin < end:
        xmp.read(packet[begin : end + 1], out)
