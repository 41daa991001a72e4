"""Frames of an ID3v2 tag that FFmpeg drops: addresses and what programs keep in PRIV."""

from __future__ import annotations

from unmask.media.containers.part import At
from unmask.metadata.fields import Collector
from unmask.metadata.source import number
from unmask.metadata.text import decoded

_MOST_FRAMES, _MOST_BYTES = 500, 1_000_000


def read(at: At, out: Collector) -> None:
    """Read ``W…`` and ``PRIV`` frames of versions 2.3 and 2.4 (id3.org)."""
    head = at(0, 10)
    if head[:3] != b"ID3" or head[3:4] not in (b"\3", b"\4"):
        return
    end = 10 + _syncsafe(head[6:10])
    position = 10
    for _ in range(_MOST_FRAMES):
        frame = at(position, 10)
        if position + 10 > end or len(frame) < 10 or not frame[:4].isalnum():
            return
        size = _syncsafe(frame[4:8]) if head[3] == 4 else number(frame[4:8])
        name = frame[:4].decode("ascii", "replace")
        if name[0] == "W" or name == "PRIV":
            _keep(name, at(position + 10, min(size, _MOST_BYTES)), out)
        position += 10 + size


def _keep(name: str, body: bytes, out: Collector) -> None:
    if name == "WXXX":
        body = body[1:].rpartition(b"\0")[2]
    elif name == "PRIV":
        body = body.partition(b"\0")[0]
    out.add("id3", name, decoded(body))


def _syncsafe(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value
