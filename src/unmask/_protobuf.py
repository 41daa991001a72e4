"""Fields of Protocol Buffers, written without a library that knows the messages."""

from __future__ import annotations


def field(number: int, value: int | str | bytes) -> bytes:
    """One field of a message: a whole number, or text or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))
