"""The structure of a manifest store, checked before any library sees it.

A store is a tree of JUMBF boxes (ISO/IEC 19566-5): length, type, content. What is checked is what
an attacker would bend: that every box lies inside the one around it, how deep they nest and how
many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from unmask.provenance.store import Refused

MAX_DEPTH = 24
MAX_BOXES = 20_000
_SUPERBOX, _DESCRIPTION = b"jumb", b"jumd"
_LABELLED = 0x02
_LONGEST_LABEL = 512


@dataclass(frozen=True, slots=True)
class Box:
    """A labelled box: its path ("c2pa/urn:…/c2pa.assertions") and its bytes in the store."""

    path: str
    start: int
    end: int


@dataclass(slots=True)
class _Open:
    """A superbox whose content is being walked."""

    path: str
    start: int
    end: int
    at: int


def walk(data: bytes) -> dict[str, Box]:
    """All labelled boxes of a store by path. Raises Refused, saying which byte makes no sense."""
    boxes: dict[str, Box] = {}
    around = [_Open("", 0, len(data), 0)]
    count = 0
    while around:
        here = around[-1]
        if here.at >= here.end:
            around.pop()
            continue
        count += 1
        if count > MAX_BOXES:
            raise Refused(f"the manifest holds more than {MAX_BOXES:,} boxes")
        start, body, end, kind = _header(data, here)
        here.at = end
        if len(around) == 1 and kind != _SUPERBOX:
            raise Refused(f"byte {start:,} of the manifest should begin a JUMBF box")
        if kind != _SUPERBOX:
            continue
        if len(around) > MAX_DEPTH:
            raise Refused(f"the boxes of the manifest nest more than {MAX_DEPTH} deep")
        label, inner = _description(data, body, end)
        path = f"{here.path}/{label}" if here.path else label
        boxes.setdefault(path, Box(path, start, end))
        around.append(_Open(path, start, end, inner))
    if not any(path == "c2pa" for path in boxes):
        raise Refused("the outermost box of the manifest does not call itself c2pa")
    return boxes


def _header(data: bytes, around: _Open) -> tuple[int, int, int, bytes]:
    """Start, start of the content, end and type of the next box."""
    start = around.at
    if around.end - start < 8:
        raise Refused(f"the manifest is cut off in the header of a box at byte {start:,}")
    length, body = int.from_bytes(data[start : start + 4], "big"), start + 8
    if length == 1:
        length, body = int.from_bytes(data[start + 8 : start + 16], "big"), start + 16
    elif length == 0:
        length = around.end - start
    end = start + length
    if end < body or end > around.end:
        raise Refused(
            f"a box of the manifest announces {length:,} bytes at byte {start:,}, but "
            f"{around.end - start:,} are left"
        )
    return start, body, end, data[start + 4 : start + 8]


def _description(data: bytes, at: int, end: int) -> tuple[str, int]:
    """The label of a superbox, and where its content begins."""
    length = int.from_bytes(data[at : at + 4], "big")
    if data[at + 4 : at + 8] != _DESCRIPTION or length < 25 or at + length > end:
        raise Refused(f"a box of the manifest has no valid description at byte {at:,}")
    flags = data[at + 24]
    label = b""
    if flags & _LABELLED:
        label = data[at + 25 : at + min(length, 25 + _LONGEST_LABEL)].split(b"\0", 1)[0]
    return label.decode("utf-8", "replace") or "?", at + length
