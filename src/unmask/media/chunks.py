"""Reading the structure of picture files without decoding them: frames, durations, colour codes.

Each walker touches headers only and stops at the end of the file, whatever the headers say.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from typing import Any

from unmask.media import sniff

_HEAD = 65_536
_MAX_CHUNKS = 1_000_000


@dataclass(frozen=True, slots=True)
class Motion:
    """How many pictures a file holds and how long they are shown, in seconds each."""

    frames: int
    delays: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """How long all of them take."""
        return round(math.fsum(self.delays), 6)


STILL = Motion(1, ())


def shown_for(milliseconds: float) -> float:
    """Seconds that a browser shows a frame: delays of 10 ms and less count as 100 ms."""
    return (100.0 if milliseconds <= 10 else milliseconds) / 1000


def motion_of(file: io.FileIO, container: sniff.Container) -> Motion:
    """Count the frames of a GIF, WebP or PNG; everything else is a still picture."""
    walk = {sniff.GIF: _gif_delays, sniff.WEBP: _webp_delays, sniff.PNG: _png_delays}.get(container)
    if walk is None:
        return STILL
    file.seek(0)
    try:
        delays = walk(file)
    except (struct.error, IndexError):  # cut off in a header: what came before counts
        return STILL
    return Motion(len(delays), tuple(delays)) if len(delays) > 1 else STILL


def transfer_of(file: io.FileIO, container: sniff.Container) -> int:
    """The H.273 transfer function that a PNG, AVIF or HEIC announces; 0 if it says nothing."""
    file.seek(0)
    head = file.read(_HEAD) or b""
    file.seek(0)
    if container is sniff.PNG:
        at = head.find(b"cICP")
        return head[at + 5] if 0 < at < len(head) - 8 else 0
    if container in (sniff.AVIF, sniff.HEIC):
        at = head.find(b"colrnclx")
        return int.from_bytes(head[at + 10 : at + 12], "big") if at > 0 else 0
    return 0


def _gif_delays(file: io.FileIO) -> list[float]:
    reader: io.BufferedReader[Any] = io.BufferedReader(file, 1 << 16)
    try:
        return _gif_walk(reader)
    finally:
        reader.detach()


def _gif_walk(reader: io.BufferedReader[Any]) -> list[float]:
    flags = reader.read(13)[10]
    if flags & 0x80:
        reader.seek(3 << ((flags & 7) + 1), 1)
    delays: list[float] = []
    delay = 0
    while len(delays) < _MAX_CHUNKS:
        mark = reader.read(1)
        if mark == b"\x21":
            label = reader.read(1)
            body = _gif_blocks(reader)
            if label == b"\xf9" and len(body) >= 3:
                delay = 10 * int.from_bytes(body[1:3], "little")
        elif mark == b"\x2c":
            flags = reader.read(9)[8]
            if flags & 0x80:
                reader.seek(3 << ((flags & 7) + 1), 1)
            reader.read(1)
            _gif_blocks(reader)
            delays.append(shown_for(delay))
            delay = 0
        else:
            break
    return delays


def _gif_blocks(reader: io.BufferedReader[Any]) -> bytes:
    """Skip a chain of sub-blocks; returns the first."""
    first = b""
    while size := reader.read(1):
        if size == b"\0":
            break
        body = reader.read(size[0])
        first = first or body
    return first


def _webp_delays(file: io.FileIO) -> list[float]:
    delays: list[float] = []
    file.seek(12)
    for _ in range(_MAX_CHUNKS):
        header = file.read(8) or b""
        if len(header) < 8:
            break
        name, size = header[:4], int.from_bytes(header[4:], "little")
        if name == b"ANMF":
            body = file.read(16) or b""
            delays.append(shown_for(int.from_bytes(body[12:15], "little")))
            size -= len(body)
        file.seek(max(0, size + (size & 1)), 1)
    return delays


def _png_delays(file: io.FileIO) -> list[float]:
    delays: list[float] = []
    animated = False
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        header = file.read(8) or b""
        if len(header) < 8:
            break
        size, name = int.from_bytes(header[:4], "big"), header[4:]
        if name == b"fcTL":
            body = file.read(26) or b""
            top, bottom = struct.unpack(">HH", body[20:24])
            delays.append(shown_for(1000 * top / (bottom or 100)))
            size -= len(body)
        animated = animated or name == b"acTL"
        if name == b"IDAT" and not animated:
            break
        if name == b"IDAT" and not delays:
            delays.append(shown_for(0))  # a first picture that is not part of the animation
        file.seek(max(0, size + 4), 1)
    return delays
