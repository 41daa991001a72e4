"""Frames of an ID3v2 tag that FFmpeg drops: addresses and what programs keep in PRIV."""

from __future__ import annotations

from unmask.media.containers.id3 import frames
from unmask.media.containers.part import At
from unmask.metadata.fields import Collector
from unmask.metadata.text import decoded

_MOST_FRAMES, _MOST_BYTES = 500, 1_000_000


def read(at: At, size: int, out: Collector) -> None:
    """Read ``W…`` and ``PRIV`` frames of versions 2.3 and 2.4. ``size``: bytes of the file."""
    for frame in frames(at, size, _MOST_FRAMES):
        if not frame.kind.isalnum():
            return
        name = frame.kind.decode("ascii", "replace")
        if name[0] == "W" or name == "PRIV":
            _keep(name, at(frame.begin, min(frame.length, _MOST_BYTES)), out)


def _keep(name: str, body: bytes, out: Collector) -> None:
    if name == "WXXX":
        body = body[1:].rpartition(b"\0")[2]
    elif name == "PRIV":
        body = body.partition(b"\0")[0]
    out.add("id3", name, decoded(body))
