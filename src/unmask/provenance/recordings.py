"""Where containers of many kinds keep a manifest: RIFF chunks, ISO boxes, ID3 frames."""

from __future__ import annotations

from unmask.provenance.store import Bytes, Found, Piece, is_store

_HEAD = 64
_STORE_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MIMES = (b"application/x-c2pa-manifest-store", b"application/c2pa")
_PURPOSE = 32


def riff(source: Bytes) -> Found:
    """The chunk C2PA of WAV, WebP and AVI."""
    found = Found()
    at = 12
    while len(head := source.read(at, 8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"C2PA" or (
            name not in (b"data", b"LIST", b"idx1") and is_store(source.read(at + 8, _HEAD))
        ):
            found.pieces.append(Piece(at + 8, length))
        elif name in (b"XMP ", b"_PMX"):
            found.take_xmp(source, at + 8, length)
        at += 8 + length + (length & 1)
    return found


def iso(source: Bytes) -> Found:
    """The uuid box of MP4, MOV, M4A, AVIF and HEIC."""
    found = Found()
    at = 0
    while len(head := source.read(at, 32)) >= 8:
        length, kind, body = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1 and len(head) >= 16:
            length, body = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = source.size - at
        if length < body:
            break
        if kind == b"uuid":
            _uuid(source, found, at + body, length - body)
        at += length
    return found


def _uuid(source: Bytes, found: Found, at: int, length: int) -> None:
    head = source.read(at, 16 + 4 + _PURPOSE + 8 + _HEAD)
    if head[:16] == _XMP_UUID:
        found.take_xmp(source, at + 16, length - 16)
        return
    purpose, end, _ = head[20 : 20 + _PURPOSE].partition(b"\0")
    if head[:16] == _STORE_UUID and end and purpose == b"merkle":
        return
    body = 20 + len(purpose) + 1 + 8
    if head[:16] == _STORE_UUID or is_store(head[body : body + _HEAD]):
        found.pieces.append(Piece(at + body, max(0, length - body)))


def id3(source: Bytes) -> Found:
    """A GEOB frame of the ID3v2 tag before MP3 and FLAC; XMP in PRIV."""
    found = Found()
    head = source.read(0, 10)
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (3, 4):
        return found
    at, end = 10, 10 + _syncsafe(head[6:10])
    if head[5] & 0x40:
        extended = source.read(at, 4)
        at += _syncsafe(extended) if head[3] == 4 else 4 + int.from_bytes(extended, "big")
    while at + 10 <= end and len(frame := source.read(at, 10)) == 10 and frame[0]:
        size = _syncsafe(frame[4:8]) if head[3] == 4 else int.from_bytes(frame[4:8], "big")
        skipped = 4 if head[3] == 4 and frame[9] & 1 else 0
        start, length = at + 10 + skipped, size - skipped
        if frame[:4] == b"GEOB":
            _geob(source, found, start, length)
        elif frame[:4] == b"PRIV" and source.read(start, 4) == b"XMP\0":
            found.take_xmp(source, start, length)
        at += 10 + size
    return found


def _geob(source: Bytes, found: Found, at: int, length: int) -> None:
    """Encoding, MIME type, file name, description, then the store."""
    head = source.read(at, min(length, 2048))
    mime, _, rest = head[1:].partition(b"\0")
    if mime.lower() not in _MIMES and not is_store(head):
        return
    wide = head[0] in (1, 2)
    passed = 2 + len(mime)
    for _ in range(2):
        end = _end(rest, wide)
        passed += end
        rest = rest[end:]
    found.pieces.append(Piece(at + passed, max(0, length - passed)))


def _end(text: bytes, wide: bool) -> int:
    """Length of a text with its final zero, in one or in two bytes a character."""
    step = 2 if wide else 1
    for at in range(0, len(text) - step + 1, step):
        if not any(text[at : at + step]):
            return at + step
    return len(text)


def _syncsafe(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value
