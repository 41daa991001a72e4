"""The EXIF and XMP chunks of a WebP file."""

from __future__ import annotations

from unmask.media.containers import riff
from unmask.media.containers.part import At, block_at
from unmask.metadata import exif, xmp
from unmask.metadata.fields import Collector

_MOST_CHUNKS, _MOST_BYTES = 100_000, 4_000_000


def read(at: At, size: int, out: Collector) -> None:
    """Walk the chunks; picture data is stepped over. ``size``: bytes of the file."""
    for chunk in riff.chunks(at, size, _MOST_CHUNKS):
        if chunk.kind == b"EXIF":
            body = at(chunk.begin, min(chunk.length, _MOST_BYTES))
            exif.read(block_at(body[6:] if body.startswith(b"Exif\0\0") else body), out)
        elif chunk.kind == b"XMP ":
            xmp.read(at(chunk.begin, min(chunk.length, _MOST_BYTES)), out)
