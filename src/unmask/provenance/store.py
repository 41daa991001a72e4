"""Where a file keeps its manifest store: pieces of bytes, found by headers alone.

C2PA specification 2.2, appendix A, says where each file format holds it.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass, field

MAX_BYTES = 64 << 20
"""The largest manifest store that is read."""
_MAX_STEPS = 400_000
_FREE_BYTES, _TIMES_READ = 64 << 20, 4
_MOST_XMP = 8
_XMP_BYTES = 1 << 20
_REMOTE = re.compile(
    rb"""provenance\s*(?:=\s*["']|>\s*)(https?://[\x21\x23-\x26\x28-\x3b\x3d\x3f-\x7e]{1,2000})"""
)


class Refused(Exception):
    """A manifest that is not handed to the library, or that the library could not read."""


class Unsearchable(Exception):
    """A file in which no manifest can be looked for in reasonable time."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the file that belong to the store; ``length`` is what the file announces."""

    offset: int
    length: int


@dataclass(slots=True)
class Found:
    """What a file says about its provenance: the pieces of the store, and packets of XMP."""

    pieces: list[Piece] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)

    def take_xmp(self, source: Bytes, offset: int, length: int) -> None:
        """Keep a packet of XMP, or its beginning where it is long; a few of them are enough."""
        if len(self.xmp) < _MOST_XMP:
            self.xmp.append(source.read(offset, min(length, _XMP_BYTES)))

    @property
    def remote(self) -> str:
        """The address of a manifest that lies elsewhere; empty when none is named."""
        for packet in self.xmp:
            hit = _REMOTE.search(packet)
            if hit:
                return hit[1].decode("ascii")
        return ""


class Bytes:
    """A file read in small steps, so many of them and no more.

    Raises Unsearchable when a file has more headers than a usual one.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._steps = 0
        self.size = os.fstat(file.fileno()).st_size
        self._left = _FREE_BYTES + _TIMES_READ * self.size

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer at the end of the file."""
        self._steps += 1
        self._left -= length
        if self._steps > _MAX_STEPS or self._left < 0:
            raise Unsearchable("the file is cut into more parts than are looked through")
        if offset >= self.size or length <= 0:
            return b""
        self._file.seek(offset)
        return self._file.read(min(length, self.size - offset)) or b""

    def number(self, offset: int, length: int, little: bool = False) -> int | None:
        """An unsigned number, or None where the file has ended."""
        data = self.read(offset, length)
        if len(data) < length:
            return None
        return int.from_bytes(data, "little" if little else "big")


def is_store(head: bytes) -> bool:
    """True if these first bytes are a JUMBF box that calls itself C2PA, damaged or not."""
    return b"c2pa" in head and (b"jumd" in head or b"jumb" in head)


def gather(source: Bytes, pieces: list[Piece]) -> bytes:
    """The bytes of a store. Raises Refused if it is too large or the file ends before it does."""
    size = sum(piece.length for piece in pieces)
    if size > MAX_BYTES:
        raise Refused(
            f"the manifest announces {size / 1e6:,.0f} MB; up to {MAX_BYTES / 1e6:.0f} MB are read"
        )
    for piece in pieces:
        if piece.offset + piece.length > source.size:
            raise Refused(
                f"the manifest announces {piece.length:,} bytes from byte {piece.offset:,} on, but "
                f"the file ends at byte {source.size:,}"
            )
    return b"".join(source.read(piece.offset, piece.length) for piece in pieces)


def in_file(pieces: list[Piece], start: int, end: int) -> tuple[int, int]:
    """First and last byte in the file of the part ``start`` to ``end`` of the store."""
    places: list[int] = []
    passed = 0
    for wanted in (start, max(start, end - 1)):
        passed = 0
        for piece in pieces:
            if wanted < passed + piece.length:
                places.append(piece.offset + wanted - passed)
                break
            passed += piece.length
        else:
            places.append(pieces[-1].offset + pieces[-1].length - 1 if pieces else 0)
    return places[0], places[1]
