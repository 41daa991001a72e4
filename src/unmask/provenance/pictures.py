"""Where pictures keep a manifest: JPEG segments, PNG chunks, GIF extensions, TIFF tags."""

from __future__ import annotations

from typing import Literal

from unmask.provenance.store import Bytes, Found, Piece, is_store

_HEAD = 64
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_GIF_STORE, _GIF_XMP = b"C2PA_GIF", b"XMP DataXMP"
_TIFF_STORE, _TIFF_XMP = 0xCD41, 700
_MOST_IFDS, _MOST_TAGS = 2000, 4096
_ONE_BYTE = frozenset({1, *range(0xD0, 0xD9)})
"""JPEG markers without a length."""


def jpeg(source: Bytes) -> Found:
    """APP11 segments that carry one JUMBF box between them; XMP in APP1."""
    found = Found()
    at: int | None = 2
    number = b""
    while at is not None:
        head = source.read(at, 4)
        if len(head) < 4 or head[:2] == b"\xff\xd9":
            break
        kind, length = head[1], int.from_bytes(head[2:], "big")
        if head[0] != 0xFF:
            at = source.marker(at)
        elif kind == 0xFF:
            at += 1
        elif kind in _ONE_BYTE:
            at += 2
        elif kind == 0xDA:
            at = source.marker(at + 2 + length)
        else:
            if kind == 0xEB and length > 18:
                number = _app11(source, found, at + 4, length - 2, number)
            elif kind == 0xE1 and source.read(at + 4, len(_JPEG_XMP)) == _JPEG_XMP:
                found.take_xmp(source, at + 4, length - 2)
            at += 2 + length
    return found


def _app11(source: Bytes, found: Found, at: int, length: int, number: bytes) -> bytes:
    """Take a segment that begins or continues the store; returns the store's box number."""
    head = source.read(at, _HEAD)
    if found.pieces and head[2:4] == number:
        found.pieces.append(Piece(at + 16, length - 16))
    elif not found.pieces and (head[24:28] == b"c2pa" or is_store(head)):
        found.pieces.append(Piece(at + 8, length - 8))
        return head[2:4]
    return number


def png(source: Bytes) -> Found:
    """The chunk caBX; XMP in iTXt."""
    found = Found()
    at = 8
    while len(head := source.read(at, 8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name == b"IEND":
            break
        if name == b"caBX" or _damaged(source, name, at + 8):
            found.pieces.append(Piece(at + 8, length))
        elif name == b"iTXt" and source.read(at + 8, len(_PNG_XMP)) == _PNG_XMP:
            found.take_xmp(source, at + 8, length)
        at += 12 + length
    return found


def _damaged(source: Bytes, name: bytes, at: int) -> bool:
    """True for a chunk of an unknown name that holds a store."""
    return name not in (b"IDAT", b"fdAT", b"IHDR") and is_store(source.read(at, _HEAD))


def gif(source: Bytes) -> Found:
    """An application extension whose sub-blocks carry the store."""
    found = Found()
    head = source.read(0, 13)
    at = 13 + _table(head[10] if len(head) > 10 else 0)
    while mark := source.read(at, 1):
        if mark == b"!":
            body = source.read(at + 2, 12)
            pieces, at = _blocks(source, at + 2)
            if body[1:9] == _GIF_STORE:
                found.pieces += pieces[1:]
            elif body[1:12] == _GIF_XMP:
                found.take_xmp(source, pieces[0].offset + 11, at - pieces[0].offset)
        elif mark == b",":
            flags = source.read(at + 9, 1)
            _, at = _blocks(source, at + 11 + _table(flags[0] if flags else 0))
        else:
            break
    return found


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(source: Bytes, at: int) -> tuple[list[Piece], int]:
    """The sub-blocks from ``at`` on, and where they end."""
    pieces: list[Piece] = []
    while (size := source.read(at, 1)) and size[0]:
        pieces.append(Piece(at + 1, size[0]))
        at += 1 + size[0]
    return pieces or [Piece(at, 0)], at + 1


def tiff(source: Bytes) -> Found:
    """The tag 0xCD41 of any directory; XMP in tag 700."""
    found = Found()
    head = source.read(0, 16)
    little, big = head[:2] == b"II", head[2:4] in (b"+\0", b"\0+")
    wide, entry = (8, 20) if big else (4, 12)
    order: Literal["little", "big"] = "little" if little else "big"
    at = source.number(wide, wide, little)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < _MOST_IFDS:
        seen.add(at)
        count = source.number(at, 8 if big else 2, little) or 0
        first = at + (8 if big else 2)
        table = source.read(first, min(count, _MOST_TAGS) * entry)
        for start in range(0, len(table) - entry + 1, entry):
            row = table[start : start + entry]
            tag = int.from_bytes(row[:2], order)
            if tag not in (_TIFF_STORE, _TIFF_XMP):
                continue
            length = int.from_bytes(row[4 : 4 + wide], order)
            offset = int.from_bytes(row[4 + wide :], order)
            if tag == _TIFF_STORE and length > wide:
                found.pieces.append(Piece(offset, length))
            elif tag == _TIFF_XMP:
                found.take_xmp(source, offset, length)
        at = source.number(first + count * entry, wide, little)
    return found
