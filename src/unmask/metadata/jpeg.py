"""The segments of a JPEG before its picture data, and what editors leave behind its end."""

from __future__ import annotations

import re

from unmask.media.containers.jpeg import segments
from unmask.media.containers.part import At, block_at
from unmask.metadata import exif, iptc, xmp
from unmask.metadata.fields import Collector, Jpeg
from unmask.metadata.source import number
from unmask.metadata.text import decoded

_MOST_SEGMENTS, _MOST_BYTES, _TAIL = 2_000, 32_000_000, 512_000
_DQT, _COM, _APP0, _APP1, _APP13, _APP14, _APP15 = 0xDB, 0xFE, 0xE0, 0xE1, 0xED, 0xEE, 0xEF
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_PACKET, _EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_SAMSUNG = re.compile(rb'genAIType"\s*:\s*(-?\d{1,6})')
_DEEPFACELAB = re.compile(rb"source_filename|source_landmarks|image_to_face_mat")


def read(at: At, size: int, out: Collector) -> None:
    """Read all segments up to the picture data; ``size``: bytes of the file."""
    walk = _Walk(out)
    used = 0
    for part in segments(at, size, _MOST_SEGMENTS):
        used += part.length
        if used > _MOST_BYTES:
            out.note("the JPEG holds more than 32 MB of metadata")
            break
        walk.segment(part.kind[0], at(part.begin, part.length))
    walk.end()
    _trailer(at(max(0, size - _TAIL), _TAIL), out)


class _Walk:
    def __init__(self, out: Collector) -> None:
        self._out = out
        self._frame: tuple[int, int, bool, tuple[tuple[int, int], ...]] = (0, 0, False, ())
        self._tables: dict[int, tuple[int, ...]] = {}
        self._adobe = False
        self._resources = bytearray()
        self._extended: dict[bytes, bytearray] = {}

    def segment(self, kind: int, body: bytes) -> None:
        if kind == _DQT:
            self._quantisation(body)
        elif kind in _FRAMES and len(body) >= 6:
            self._start_of_frame(kind, body)
        elif kind == _COM:
            self._out.add("jpeg", "Comment", decoded(body))
        elif kind == _APP1:
            self._app1(body)
        elif kind == _APP13 and body.startswith(b"Photoshop 3.0\0"):
            self._resources += body[14:]
        elif kind == _APP14 and body.startswith(b"Adobe"):
            self._adobe = True
        elif kind == _APP15 and _DEEPFACELAB.search(body[:200_000]):
            self._out.add("jpeg", "APP15", "a DeepFaceLab record")
        elif kind == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 7:
            self._out.add("jpeg", "JFIFVersion", f"{body[5]}.{body[6]:02}")
        elif _APP0 < kind <= _APP15:
            label = body[:16].partition(b"\0")[0]
            if label.isascii() and label.decode().isprintable():
                self._out.add("jpeg", f"APP{kind - _APP0}", label.decode())

    def _app1(self, body: bytes) -> None:
        if body.startswith(b"Exif\0"):
            exif.read(block_at(body[6:]), self._out)
        elif body.startswith(_PACKET):
            xmp.read(body[len(_PACKET) :], self._out)
        elif body.startswith(_EXTENSION):
            body = body[len(_EXTENSION) :]
            parts = self._extended.setdefault(body[:32], bytearray())
            if number(body[36:40]) == len(parts) and len(self._extended) < 5:
                parts += body[40:]

    def _quantisation(self, body: bytes) -> None:
        while len(body) >= 65:
            wide, which = body[0] >> 4, body[0] & 15
            size = 128 if wide else 64
            raw = body[1 : 1 + size]
            if len(raw) < size:
                return
            steps = [number(raw[i : i + 2]) for i in range(0, 128, 2)] if wide else list(raw)
            self._tables[which] = tuple(steps)
            body = body[1 + size :]

    def _start_of_frame(self, kind: int, body: bytes) -> None:
        parts = [body[i : i + 3] for i in range(6, 6 + 3 * body[5], 3)]
        sampling = tuple((part[1] >> 4, part[1] & 15) for part in parts if len(part) == 3)
        self._frame = number(body[3:5]), number(body[1:3]), kind in _PROGRESSIVE, sampling

    def end(self) -> None:
        if self._resources:
            iptc.read_resources(bytes(self._resources), self._out)
        for packet in self._extended.values():
            xmp.read(bytes(packet), self._out)
        width, height, progressive, sampling = self._frame
        tables = tuple(self._tables[key] for key in sorted(self._tables))
        self._out.jpeg = Jpeg(width, height, progressive, sampling, tables, self._adobe)


def _trailer(tail: bytes, out: Collector) -> None:
    if b"PhotoEditor_Re_Edit_Data" in tail:
        out.add("trailer", "SamsungPhotoEditor", "re-edit data")
        if found := _SAMSUNG.search(tail):
            out.add("trailer", "genAIType", found[1].decode())
