"""The blocks of a GIF (GIF89a, chapters 15 to 27)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unmask.media.containers.part import MOST_PARTS, At, Part

IMAGE, CONTROL, COMMENT, APPLICATION = b",", b"!\xf9", b"!\xfe", b"!\xff"
"""Types of blocks: a picture, or an extension and its label."""
_SCREEN, _FLAGS = 13, 10
_DESCRIPTOR, _DESCRIPTOR_FLAGS = 10, 9
_MOST_PIECES = 16_000_000


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A chain of sub-blocks with its end mark; ``sizes``: the length of each, one byte a length."""

    sizes: bytes

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Where the content of each sub-block begins, and the length that it announces."""
        begin = self.begin
        for size in self.sizes:
            yield begin + 1, size
            begin += 1 + size


def blocks(at: At, end: int, most: int = MOST_PARTS) -> Iterator[Block]:
    """The pictures and extensions of a file of ``end`` bytes; stops at any other mark."""
    head = at(0, _SCREEN)
    if len(head) < _SCREEN:
        return
    begin, left = _SCREEN + _table(head[_FLAGS]), _MOST_PIECES
    for _ in range(most):
        mark = at(begin, 2) if begin < end else b""
        if mark[:1] == b"!":
            kind, content = mark, begin + 2
        elif mark[:1] == IMAGE:
            head = at(begin, _DESCRIPTOR)
            if len(head) < _DESCRIPTOR:
                return
            kind, content = IMAGE, begin + _DESCRIPTOR + _table(head[_DESCRIPTOR_FLAGS]) + 1
        else:
            return
        sizes, begin = _chain(at, content, end, left)
        left -= len(sizes)
        yield Block(kind, content, begin - content, max(0, end - content), sizes)
        if left <= 0:
            return


def _table(flags: int) -> int:
    """Bytes of the colour table that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _chain(at: At, begin: int, end: int, most: int) -> tuple[bytes, int]:
    """The lengths of a chain's sub-blocks and where it ends."""
    sizes = bytearray()
    while len(sizes) < most and begin < end and (size := at(begin, 1)) and size[0]:
        sizes += size
        begin += 1 + size[0]
    return bytes(sizes), begin + 1
