"""The chunks of RIFF files: WAV, WebP, AVI (Microsoft and IBM 1991)."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.media.containers.part import MOST_PARTS, At, Part

_FORM, _HEAD = 12, 8


def chunks(at: At, end: int, most: int = MOST_PARTS) -> Iterator[Part]:
    """The chunks at the top of a file of ``end`` bytes."""
    begin = _FORM
    for _ in range(most):
        head = at(begin, _HEAD) if begin + _HEAD <= end else b""
        if len(head) < _HEAD:
            return
        length, content = int.from_bytes(head[4:], "little"), begin + _HEAD
        yield Part(head[:4], content, length, end - content)
        begin = content + length + (length & 1)
