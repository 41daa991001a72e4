"""The extensions of a GIF: comments and an XMP packet (GIF89a, chapters 24 and 26)."""

from __future__ import annotations

from unmask.media.containers.gif import APPLICATION, COMMENT, blocks
from unmask.media.containers.part import At, block_at
from unmask.metadata import xmp
from unmask.metadata.fields import Collector
from unmask.metadata.text import decoded

_MOST_BLOCKS, _HEAD = 4_000, 4_000_000
_XMP, _TRAILER = b"XMP DataXMP", 258


def read(at: At, out: Collector) -> None:
    """Read the extensions in the first 4 MB."""
    data = at(0, _HEAD)
    for block in blocks(block_at(data), len(data), _MOST_BLOCKS):
        if block.kind not in (COMMENT, APPLICATION):
            continue
        body = b"".join(data[begin : begin + size] for begin, size in block.pieces())
        if block.kind == COMMENT:
            out.add("gif", "Comment", decoded(body))
        elif body.startswith(_XMP):
            _packet(data[block.begin : block.end], out)


def _packet(raw: bytes, out: Collector) -> None:
    """The packet stands there unblocked; 258 bytes after it lead readers of blocks to the end."""
    packet = raw[:-_TRAILER] if raw[-_TRAILER : -_TRAILER + 2] == b"\x01\xff" else raw
    begin, end = packet.find(b"<"), packet.rfind(b">")
    if 0 <= begin < end:
        xmp.read(packet[begin : end + 1], out)
