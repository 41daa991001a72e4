"""Where containers of many kinds keep a manifest: RIFF chunks, ISO boxes, ID3 frames."""

from __future__ import annotations

from unmask.media.containers import riff as riff_chunks
from unmask.media.containers.id3 import frames
from unmask.media.containers.iso import boxes
from unmask.media.containers.part import Part
from unmask.provenance.store import Bytes, Found, Piece, is_store

_HEAD = 64
_STORE_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MIMES = (b"application/x-c2pa-manifest-store", b"application/c2pa")
_PURPOSE = 32


def riff(source: Bytes) -> Found:
    """The chunk C2PA of WAV, WebP and AVI."""
    found = Found()
    for part in riff_chunks.chunks(source.read, source.size):
        if part.kind == b"C2PA" or (
            part.kind not in (b"data", b"LIST", b"idx1")
            and is_store(source.read(part.begin, _HEAD))
        ):
            found.pieces.append(Piece(part.begin, part.length))
        elif part.kind in (b"XMP ", b"_PMX"):
            found.take_xmp(source, part.begin, part.length)
    return found


def iso(source: Bytes) -> Found:
    """The uuid box of MP4, MOV, M4A, AVIF and HEIC."""
    found = Found()
    for part in boxes(source.read, 0, source.size):
        if part.kind == b"uuid":
            _uuid(source, found, part)
    return found


def _uuid(source: Bytes, found: Found, part: Part) -> None:
    head = source.read(part.begin, 16 + 4 + _PURPOSE + 8 + _HEAD)
    if head[:16] == _XMP_UUID:
        found.take_xmp(source, part.begin + 16, part.length - 16)
        return
    purpose, end, _ = head[20 : 20 + _PURPOSE].partition(b"\0")
    if head[:16] == _STORE_UUID and end and purpose == b"merkle":
        return
    body = 20 + len(purpose) + 1 + 8
    if head[:16] == _STORE_UUID or is_store(head[body : body + _HEAD]):
        found.pieces.append(Piece(part.begin + body, max(0, part.length - body)))


def id3(source: Bytes) -> Found:
    """A GEOB frame of the ID3v2 tag before MP3 and FLAC; XMP in PRIV."""
    found = Found()
    for part in frames(source.read, source.size):
        if part.kind == b"GEOB":
            _geob(source, found, part)
        elif part.kind == b"PRIV" and source.read(part.begin, 4) == b"XMP\0":
            found.take_xmp(source, part.begin, part.length)
    return found


def _geob(source: Bytes, found: Found, part: Part) -> None:
    """Encoding, MIME type, file name, description, then the store."""
    head = source.read(part.begin, min(part.length, 2048))
    mime, _, rest = head[1:].partition(b"\0")
    if mime.lower() not in _MIMES and not is_store(head):
        return
    wide = head[0] in (1, 2)
    passed = 2 + len(mime)
    for _ in range(2):
        end = _end(rest, wide)
        passed += end
        rest = rest[end:]
    found.pieces.append(Piece(part.begin + passed, max(0, part.length - passed)))


def _end(text: bytes, wide: bool) -> int:
    """Length of a text with its final zero, in one or in two bytes a character."""
    step = 2 if wide else 1
    for at in range(0, len(text) - step + 1, step):
        if not any(text[at : at + step]):
            return at + step
    return len(text)
