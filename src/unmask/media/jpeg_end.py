"""JPEG files whose end mark is missing, cut off or written over: are the coded pixels all there?

A decoder that reaches the end of the data goes on with zeros. So the data are closed in two ways,
at once and behind other bits: a picture that is whole takes no notice of what follows, one that
was cut is decoded differently.
"""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any

from PIL import Image

from unmask.media._pillow import RULES
from unmask.media.containers import jpeg
from unmask.media.containers.part import At, file_at

NOTE = "the end mark of the JPEG is missing: it was cut off or written over"
_EOI = b"\xff\xd9"
_OTHER = b"\x55" * 16_384
_ROWS = 64
"""Rows that are compared at once."""
_MOST = 500_000_000
_BETWEEN = frozenset(b"\xc4\xda\xdb\xdd\xfe")
"""Kinds of segments that stand between scans: tables, scans, intervals, comments."""


def coded_end(at: At, size: int) -> tuple[int, bool]:
    """Where the last coded pixels end (0: there are none), and whether an end mark stands there."""
    last = 0
    for part in jpeg.segments(at, size, through=True):
        if last and part.kind[0] not in _BETWEEN:
            break
        if part.kind == jpeg.SOS:
            last = part.end
    if not last:
        return 0, False
    end = jpeg.next_marker(at, last, size)
    if end is None:
        return size - (at(size - 1, 1) == b"\xff"), False
    return end, at(end, 2) == _EOI


def lacks_end(file: io.FileIO) -> bool:
    """Whether there are coded pixels and no end mark behind them. The file goes to its start."""
    size = file.seek(0, os.SEEK_END)
    reader: io.BufferedReader[Any] = io.BufferedReader(file)
    try:
        at = file_at(reader)
        end, marked = (0, True) if at(size - 2, 2) == _EOI else coded_end(at, size)
    finally:
        reader.detach()
    file.seek(0)
    return bool(end) and not marked


def closed(file: io.FileIO) -> io.BytesIO | None:
    """The file with an end mark behind its pixels; None if it has one, or pixels are missing."""
    data, marked = _coded(file)
    return io.BytesIO(data + _EOI) if data and not marked and _whole(data) else None


def is_whole(file: io.FileIO) -> bool:
    """Whether all pixels of a JPEG are coded, whatever colour they have."""
    data, _ = _coded(file)
    return bool(data) and _whole(data)


def _coded(file: io.FileIO) -> tuple[bytes, bool]:
    """The bytes up to the last coded pixels, and whether an end mark stands behind them."""
    size = file.seek(0, os.SEEK_END)
    if size > _MOST:
        return b"", False
    file.seek(0)
    data = file.read() or b""
    end, marked = coded_end(file_at(io.BytesIO(data)), size)
    return data[:end], marked


def _whole(data: bytes) -> bool:
    try:
        return _decoded(data + _EOI) == _decoded(data + _OTHER + _EOI)
    except Exception:  # Pillow raises anything on damaged files
        return False


def _decoded(data: bytes) -> bytes:
    """A digest of the pixels, taken strip by strip."""
    digest = hashlib.blake2b()
    with RULES, Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.load()
        width, height = image.size
        for top in range(0, height, _ROWS):
            digest.update(image.crop((0, top, width, min(height, top + _ROWS))).tobytes())
    return digest.digest()
