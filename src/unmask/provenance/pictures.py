"""Where pictures keep a manifest: JPEG segments, PNG chunks, GIF extensions, TIFF tags."""

from __future__ import annotations

from typing import Literal

from unmask.media.containers import gif as gif_blocks
from unmask.media.containers import jpeg as jpeg_segments
from unmask.media.containers import png as png_chunks
from unmask.media.containers.part import Part
from unmask.provenance.store import Bytes, Found, Piece, is_store

_HEAD = 64
_APP1, _APP11 = b"\xe1", b"\xeb"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_GIF_STORE, _GIF_XMP = b"C2PA_GIF", b"XMP DataXMP"
_TIFF_STORE, _TIFF_XMP = 0xCD41, 700
_MOST_IFDS, _MOST_TAGS = 2000, 4096


def jpeg(source: Bytes) -> Found:
    """APP11 segments that carry one JUMBF box between them; XMP in APP1."""
    found = Found()
    number = b""
    for part in jpeg_segments.segments(source.read, source.size, through=True):
        if part.kind == _APP11 and part.length > 16:
            number = _app11(source, found, part, number)
        elif part.kind == _APP1 and source.read(part.begin, len(_JPEG_XMP)) == _JPEG_XMP:
            found.take_xmp(source, part.begin, part.length)
    return found


def _app11(source: Bytes, found: Found, part: Part, number: bytes) -> bytes:
    """Take a segment that begins or continues the store; returns the store's box number."""
    head = source.read(part.begin, _HEAD)
    if found.pieces and head[2:4] == number:
        found.pieces.append(Piece(part.begin + 16, part.length - 16))
    elif not found.pieces and (head[24:28] == b"c2pa" or is_store(head)):
        found.pieces.append(Piece(part.begin + 8, part.length - 8))
        return head[2:4]
    return number


def png(source: Bytes) -> Found:
    """The chunk caBX; XMP in iTXt."""
    found = Found()
    for part in png_chunks.chunks(source.read, source.size):
        if part.kind == b"caBX" or _damaged(source, part):
            found.pieces.append(Piece(part.begin, part.length))
        elif part.kind == b"iTXt" and source.read(part.begin, len(_PNG_XMP)) == _PNG_XMP:
            found.take_xmp(source, part.begin, part.length)
    return found


def _damaged(source: Bytes, part: Part) -> bool:
    """True for a chunk of an unknown name that holds a store."""
    known = part.kind in (b"IDAT", b"fdAT", b"IHDR", b"IEND")
    return not known and is_store(source.read(part.begin, _HEAD))


def gif(source: Bytes) -> Found:
    """An application extension whose sub-blocks carry the store."""
    found = Found()
    for block in gif_blocks.blocks(source.read, source.size):
        if block.kind == gif_blocks.IMAGE:
            continue
        name = source.read(block.begin + 1, 11)
        if name[:8] == _GIF_STORE:
            found.pieces += [Piece(begin, size) for begin, size in block.pieces()][1:]
        elif name == _GIF_XMP:
            found.take_xmp(source, block.begin + 12, block.length - 1)
    return found


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
