"""Bounded reading of parts of a file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

MOST_BLOCK = 8_000_000
"""No block of metadata is read beyond this many bytes."""

At = Callable[[int, int], bytes]
"""Bytes at an offset; fewer than asked for at the end, none beyond it."""


def file_at(file: io.FileIO) -> At:
    """Reads of an open file. A read beyond the bound of a block is cut."""

    def at(offset: int, size: int) -> bytes:
        if offset < 0 or size <= 0:
            return b""
        try:
            file.seek(offset)
        except (OSError, OverflowError):
            return b""
        parts, left = [], min(size, MOST_BLOCK)
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    return at


def block_at(data: bytes) -> At:
    """Reads of a block that is in memory."""

    def at(offset: int, size: int) -> bytes:
        return data[offset : offset + min(size, MOST_BLOCK)] if offset >= 0 and size > 0 else b""

    return at


def number(data: bytes, order: str = ">") -> int:
    """An unsigned number of up to eight bytes in the byte order ``<`` or ``>``."""
    return int.from_bytes(data, "big" if order == ">" else "little")


def doubles(data: bytes, order: str, kind: str) -> tuple[float, ...]:
    """As many IEEE numbers (``f`` or ``d``) as the bytes hold."""
    size = struct.calcsize(kind)
    count = len(data) // size
    return struct.unpack(f"{order}{count}{kind}", data[: count * size])
