"""What all walkers read with and what they find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

MOST_BYTES = 8_000_000
"""One read of ``file_at`` or ``block_at`` gives no more than this."""
MOST_PARTS = 1_000_000
"""After so many parts a walk ends, unless another bound is given."""

At = Callable[[int, int], bytes]
"""Bytes at an offset; fewer than asked for at the end, none beyond it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A box, segment, chunk or block: its type and its content.

    ``begin``: where the content begins; ``length``: the bytes of content that are announced;
    ``room``: how many there are up to the end of what lies around.
    """

    kind: bytes
    begin: int
    length: int
    room: int

    @property
    def outside(self) -> bool:
        """True if it announces more than there is."""
        return self.length > self.room

    @property
    def end(self) -> int:
        """Where the content ends, at the latest where what lies around does."""
        return self.begin + min(self.length, self.room)


def file_at(file: BinaryIO) -> At:
    """Reads of an open file."""

    def at(offset: int, size: int) -> bytes:
        if offset < 0 or size <= 0:
            return b""
        try:
            file.seek(offset)
        except (OSError, OverflowError):
            return b""
        parts, left = [], min(size, MOST_BYTES)
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    return at


def block_at(data: bytes) -> At:
    """Reads of a block that is in memory."""

    def at(offset: int, size: int) -> bytes:
        return data[offset : offset + min(size, MOST_BYTES)] if offset >= 0 and size > 0 else b""

    return at
