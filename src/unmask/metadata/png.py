"""The chunks of a PNG: texts, EXIF and what DeepFaceLab hides in one (PNG, W3C, 11.3)."""

from __future__ import annotations

import zlib

from unmask.media.containers.part import At, block_at
from unmask.media.containers.png import chunks
from unmask.metadata import exif, iptc, xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import number
from unmask.metadata.text import decoded

_MOST_CHUNKS, _MOST_TEXT, _MOST_INFLATED = 100_000, 4_000_000, 2_000_000
_PACKET = "XML:com.adobe.xmp"
_RAW = {"Raw profile type exif", "Raw profile type APP1", "Raw profile type iptc",
        "Raw profile type xmp"}  # fmt: skip


def read(at: At, size: int, out: Collector) -> None:
    """Walk all chunks up to the end; picture data is stepped over. ``size``: bytes of the file."""
    for chunk in chunks(at, size, _MOST_CHUNKS):
        kind, length = chunk.kind, chunk.length
        if kind in (b"tEXt", b"zTXt", b"iTXt") and out.may(min(length, _MOST_TEXT)):
            if length > _MOST_TEXT:
                out.note(f"a text chunk announces {length / 1e6:.0f} MB; its beginning was read")
            _text(kind, at(chunk.begin, min(length, _MOST_TEXT)), out)
        elif kind == b"eXIf" and out.may(min(length, _MOST_TEXT)):
            exif.read(block_at(at(chunk.begin, min(length, _MOST_TEXT))), out)
        elif kind == b"fcWp":
            out.add("png", "fcWp", "a DeepFaceLab record")
        elif kind == b"tIME" and length == 7:
            _time(at(chunk.begin, 7), out)


def _time(body: bytes, out: Collector) -> None:
    if len(body) == 7:
        year, clock = number(body[:2]), body[2:]
        date = f"{year:04}:{clock[0]:02}:{clock[1]:02}"
        out.add("png", "LastModified", f"{date} {clock[2]:02}:{clock[3]:02}:{clock[4]:02}")


def _text(kind: bytes, body: bytes, out: Collector) -> None:
    word, _, rest = body.partition(b"\0")
    keyword = decoded(word[:79])
    if kind == b"tEXt":
        value = rest
    elif kind == b"zTXt":
        value = inflated(rest[1:], out)
    else:
        packed = rest[:1] == b"\1"
        _, _, rest = rest[2:].partition(b"\0")
        _, _, value = rest.partition(b"\0")
        value = inflated(value, out) if packed else value
    if keyword == _PACKET:
        xmp.read(value, out)
    elif keyword in _RAW:
        _profile(keyword, value, out)
    else:
        out.add("png", keyword or "(no keyword)", decoded(value))


def inflated(data: bytes, out: Collector) -> bytes:
    """Compressed text, no more of it than the bound, whatever the data would grow to."""
    if not out.may(0):
        return b""
    machine = zlib.decompressobj()
    try:
        text = machine.decompress(data, _MOST_INFLATED)
    except zlib.error:
        out.note("a compressed text chunk is damaged")
        return b""
    out.may(len(text))
    if machine.unconsumed_tail:
        out.note("a compressed text chunk grows beyond 2 MB; its beginning was read")
    return text


def _profile(keyword: str, value: bytes, out: Collector) -> None:
    """ImageMagick's form: a name, a length and hexadecimal digits."""
    lines = value.strip().split(b"\n", 2)
    try:
        data = bytes.fromhex("".join(lines[2].decode("ascii").split())) if len(lines) > 2 else b""
    except ValueError:
        out.note("a raw profile chunk is damaged")
        return
    if data.startswith(b"Exif\0\0"):
        exif.read(block_at(data[6:]), out)
    elif data[:2] in (b"II", b"MM"):
        exif.read(block_at(data), out)
    elif keyword.endswith("iptc"):
        (iptc.read_resources if data.startswith(b"8BIM") else iptc.read)(data, out)
    elif b"<" in data[:200]:
        xmp.read(data[data.find(b"<") :], out)
