"""Reading the structure of picture files without decoding them: frames, durations, colour codes.

Each walker touches headers only and stops at the end of the file, whatever the headers say.
"""

from __future__ import annotations

import io
import math
import os
import struct
from dataclasses import dataclass
from typing import Any

from unmask.media import sniff
from unmask.media.containers import gif, png, riff
from unmask.media.containers.part import At, file_at

_HEAD = 65_536
_BUFFER = 1 << 13


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
    size = file.seek(0, os.SEEK_END)
    reader: io.BufferedReader[Any] = io.BufferedReader(file, _BUFFER)
    try:
        delays = walk(file_at(reader), size)
    finally:
        reader.detach()
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


def _gif_delays(at: At, size: int) -> list[float]:
    delays: list[float] = []
    delay = 0
    for block in gif.blocks(at, size):
        if block.kind == gif.CONTROL:
            body = at(block.begin + 1, 3)
            if block.sizes[:1] >= b"\3" and len(body) == 3:
                delay = 10 * int.from_bytes(body[1:], "little")
        elif block.kind == gif.IMAGE:
            delays.append(shown_for(delay))
            delay = 0
    return delays


def _webp_delays(at: At, size: int) -> list[float]:
    return [
        shown_for(int.from_bytes(at(chunk.begin + 12, 3), "little"))
        for chunk in riff.chunks(at, size)
        if chunk.kind == b"ANMF"
    ]


def _png_delays(at: At, size: int) -> list[float]:
    delays: list[float] = []
    animated = False
    for chunk in png.chunks(at, size):
        if chunk.kind == b"fcTL":
            delay = at(chunk.begin + 20, 4)
            if len(delay) < 4:
                break
            top, bottom = struct.unpack(">HH", delay)
            delays.append(shown_for(1000 * top / (bottom or 100)))
        animated = animated or chunk.kind == b"acTL"
        if chunk.kind == b"IDAT" and not animated:
            break
        if chunk.kind == b"IDAT" and not delays:
            delays.append(shown_for(0))  # a first picture that is not part of the animation
    return delays
