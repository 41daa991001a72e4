"""The EXIF and XMP chunks of a WebP file."""

from __future__ import annotations

from unmask.metadata import exif, xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import At, block_at, number

_MOST_CHUNKS, _MOST_BYTES = 100_000, 4_000_000


def read(at: At, out: Collector) -> None:
    """Walk the chunks; picture data is stepped over."""
    position = 12
    for _ in range(_MOST_CHUNKS):
        head = at(position, 8)
        if len(head) < 8:
            return
        kind, length = head[:4], number(head[4:8], "<")
        if kind == b"EXIF":
            body = at(position + 8, min(length, _MOST_BYTES))
            exif.read(block_at(body[6:] if body.startswith(b"Exif\0\0") else body), out)
        elif kind == b"XMP ":
            xmp.read(at(position + 8, min(length, _MOST_BYTES)), out)
        position += 8 + length + length % 2
