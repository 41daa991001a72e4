"""EXIF and TIFF directories (CIPA DC-008; TIFF 6.0): tags, GPS and the embedded thumbnail.

A hostile block may point in circles or announce millions of entries: each directory is read once,
and their number, their entries and the bytes of a value are bounded.
"""

from __future__ import annotations

from unmask.media.containers.part import At
from unmask.metadata import iptc, xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import doubles, number
from unmask.metadata.text import decoded, user_comment, wide

_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_VALUES = 16, 512, 16
_MOST_BYTES = 1_000_000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIGNED = (6, 8, 9, 10)
_EXIF, _GPS, _INTEROP = 0x8769, 0x8825, 0xA005
_INNER = {_EXIF: "exif", _GPS: "gps", _INTEROP: "interop"}
_XMP, _IPTC, _PHOTOSHOP, _MAKER, _COMMENT = 700, 33723, 34377, 0x927C, 0x9286
_THUMB_AT, _THUMB_SIZE = 0x0201, 0x0202
_PACKETS = {_XMP, _IPTC, _PHOTOSHOP}
_SILENT = {
    0x0103, 0x0106, 0x0111, 0x0115, 0x0116, 0x0117, 0x011C, 0x0140, 0x0144, 0x0145, 0x014A, 0x015B,
    0x8773, 0xC4A5, 0xEA1C,
}  # fmt: skip
"""Tags of the picture's layout, colour profile and padding, which say nothing about its origin."""


def read(at: At, out: Collector, whole_file: bool = False) -> None:
    """Read the block that begins with a TIFF header. ``whole_file``: it is a TIFF picture."""
    _Reader(at, out, whole_file).run()


class _Reader:
    def __init__(self, at: At, out: Collector, whole_file: bool) -> None:
        self._at, self._out, self._whole = at, out, whole_file
        self._seen: set[int] = set()

    def run(self) -> None:
        head = self._at(0, 8)
        if head[:2] not in (b"II", b"MM") or len(head) < 8:
            self._out.note("the EXIF block has no header")
            return
        self._order = "<" if head[:2] == b"II" else ">"
        if number(head[2:4], self._order) != 42:
            self._out.note("the EXIF block is of an unknown version")
            return
        next_at = self._directory(number(head[4:8], self._order), "exif")
        if next_at and not self._whole:
            self._directory(next_at, "thumbnail")

    def _directory(self, offset: int, place: str) -> int:
        """Read one directory and those inside it; returns the offset of the next, 0 at the end."""
        if offset in self._seen or len(self._seen) >= _MOST_DIRECTORIES:
            self._out.note("the EXIF directories lead in circles")
            return 0
        self._seen.add(offset)
        count = number(self._at(offset, 2), self._order)
        if count > _MOST_ENTRIES:
            self._out.note(f"an EXIF directory announces {count} entries")
            return 0
        table = self._at(offset + 2, 12 * count)
        thumb: dict[int, int] = {}
        for start in range(0, len(table) - 11, 12):
            self._entry(table[start : start + 12], place, thumb)
        if len(table) < 12 * count:
            self._out.note("the EXIF block is cut off")
            return 0
        if thumb.get(_THUMB_SIZE, 0) and place == "thumbnail":
            size = min(thumb[_THUMB_SIZE], _MOST_BYTES)
            self._out.thumbnail = self._at(thumb.get(_THUMB_AT, 0), size)
        return number(self._at(offset + 2 + 12 * count, 4), self._order)

    def _entry(self, entry: bytes, place: str, thumb: dict[int, int]) -> None:
        tag, kind = number(entry[:2], self._order), number(entry[2:4], self._order)
        count, width = number(entry[4:8], self._order), _SIZES.get(kind, 0)
        if not width:
            return
        size = width * count
        if tag in _INNER and place == "exif":
            self._directory(number(entry[8:12], self._order), _INNER[tag])
            return
        if tag in _SILENT and place != "gps":
            return
        data = entry[8 : 8 + size] if size <= 4 else self._far(entry, size)
        if tag in (_THUMB_AT, _THUMB_SIZE):
            thumb[tag] = number(data, self._order)
        elif tag in _PACKETS and place == "exif":
            self._packet(tag, data)
        elif tag == _MAKER:
            self._maker_note(data, size)
        else:
            name = _name(tag, place)
            self._out.add(place, name, self._text(tag, name, kind, data))

    def _far(self, entry: bytes, size: int) -> bytes:
        offset = number(entry[8:12], self._order)
        if not self._out.may(min(size, _MOST_BYTES)):
            return b""
        data = self._at(offset, min(size, _MOST_BYTES))
        if len(data) < min(size, _MOST_BYTES):
            self._out.note("an EXIF value points outside its block")
        return data

    def _packet(self, tag: int, data: bytes) -> None:
        if tag == _XMP:
            xmp.read(data, self._out)
        elif tag == _IPTC:
            iptc.read(data, self._out)
        else:
            iptc.read_resources(data, self._out)

    def _maker_note(self, data: bytes, size: int) -> None:
        self._out.add("exif", "MakerNoteBytes", str(size))
        if size <= 64 and (text := decoded(data).strip("\0 ")) and text.isprintable():
            self._out.add("exif", "MakerNote", text)

    def _text(self, tag: int, name: str, kind: int, data: bytes) -> str:
        if tag == _COMMENT or name in ("GPSProcessingMethod", "GPSAreaInformation"):
            return user_comment(data, self._order)
        if name.startswith("XP"):
            return wide(data, "<")
        if kind in (2, 7):
            return decoded(data)
        return ", ".join(self._numbers(kind, data[: _SIZES[kind] * _MOST_VALUES]))

    def _numbers(self, kind: int, data: bytes) -> list[str]:
        if kind in (11, 12):
            values = doubles(data, self._order, "f" if kind == 11 else "d")
            return [f"{value:g}" for value in values]
        width = _SIZES[kind] // 2 if kind in (5, 10) else _SIZES[kind]
        byte_order, signed = ("big" if self._order == ">" else "little"), kind in _SIGNED
        raw = [
            int.from_bytes(data[i : i + width], byte_order, signed=signed)  # type: ignore[arg-type]
            for i in range(0, len(data) - width + 1, width)
        ]
        if kind not in (5, 10):
            return [str(value) for value in raw]
        pairs = zip(raw[::2], raw[1::2], strict=False)
        return [f"{top / bottom:.9g}" if bottom else "0" for top, bottom in pairs]


def _name(tag: int, place: str) -> str:
    from PIL import ExifTags

    names = ExifTags.GPSTAGS if place == "gps" else ExifTags.TAGS
    return str(names.get(tag, f"0x{tag:04X}"))
