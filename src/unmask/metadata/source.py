"""Numbers in the bytes of tags."""

from __future__ import annotations

import struct


def number(data: bytes, order: str = ">") -> int:
    """An unsigned number of up to eight bytes in the byte order ``<`` or ``>``."""
    return int.from_bytes(data, "big" if order == ">" else "little")


def doubles(data: bytes, order: str, kind: str) -> tuple[float, ...]:
    """As many IEEE numbers (``f`` or ``d``) as the bytes hold."""
    size = struct.calcsize(kind)
    count = len(data) // size
    return struct.unpack(f"{order}{count}{kind}", data[: count * size])
