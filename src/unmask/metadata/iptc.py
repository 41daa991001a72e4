"""IPTC-IIM records and Photoshop's image resources that carry them in a JPEG or TIFF."""

from __future__ import annotations

from unmask.metadata.fields import Collector
from unmask.metadata.source import number
from unmask.metadata.text import decoded

_MOST_RECORDS = 2_000
_IIM, _QUALITY = 0x0404, 0x0406
_NAMES = {
    5: "ObjectName", 10: "Urgency", 15: "Category", 25: "Keywords", 30: "ReleaseDate",
    40: "SpecialInstructions", 55: "DateCreated", 60: "TimeCreated", 62: "DigitalCreationDate",
    63: "DigitalCreationTime", 65: "OriginatingProgram", 70: "ProgramVersion", 80: "By-line",
    85: "By-lineTitle", 90: "City", 95: "Province-State", 101: "Country", 103: "Reference",
    105: "Headline", 110: "Credit", 115: "Source", 116: "CopyrightNotice", 120: "Caption",
    122: "Writer-Editor",
}  # fmt: skip
"""Data sets of record 2 (IPTC-NAA Information Interchange Model 4.2, chapter 6)."""


def read(data: bytes, out: Collector) -> None:
    """Read data sets into ``iptc`` fields."""
    position = 0
    for _ in range(_MOST_RECORDS):
        if data[position : position + 1] != b"\x1c" or position + 5 > len(data):
            return
        record, kind = data[position + 1], data[position + 2]
        size = number(data[position + 3 : position + 5])
        position += 5
        if size & 0x8000:  # the length itself takes that many bytes
            width = size & 0x7FFF
            size = number(data[position : position + min(width, 8)])
            position += width
        value = data[position : position + size]
        if len(value) < size:
            out.note("the IPTC block is cut off")
        position += size
        if record == 2 and kind in _NAMES:
            out.add("iptc", _NAMES[kind], decoded(value))


def read_resources(data: bytes, out: Collector) -> None:
    """Read Photoshop's resources: those of interest are the IPTC block and its JPEG quality."""
    position = 0
    for _ in range(_MOST_RECORDS):
        if data[position : position + 4] != b"8BIM":
            return
        kind = number(data[position + 4 : position + 6])
        name = data[position + 6] if position + 6 < len(data) else 0
        position += 6 + (name + 2) // 2 * 2  # a counted string, padded to an even length
        size = number(data[position : position + 4])
        body = data[position + 4 : position + 4 + size]
        position += 4 + size + size % 2
        if kind == _IIM:
            read(body, out)
        elif kind == _QUALITY and len(body) >= 2:
            quality = int.from_bytes(body[:2], "big", signed=True) + 4
            out.add("photoshop", "JPEGQuality", str(quality))
