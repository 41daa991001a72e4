"""What FFmpeg hides of an MP4 or MOV: brands, times of tracks, an XMP packet, makers' boxes."""

from __future__ import annotations

import datetime

from unmask.metadata import xmp
from unmask.metadata.boxes import boxes, inside
from unmask.metadata.fields import Collector
from unmask.metadata.source import At, number
from unmask.metadata.text import decoded

_XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EPOCH = datetime.datetime(1904, 1, 1)
_MOST_BYTES, _MOST_TRACKS = 2_000_000, 16


def read(at: At, size: int, out: Collector) -> None:
    """Read the boxes at the top of the file and those of the movie header."""
    for top in boxes(at, 0, size):
        if top.kind == b"ftyp":
            brands = at(top.begin, min(top.end - top.begin, 64))
            out.add("container", "brands", " ".join(decoded(brands[:4]).split()))
        elif top.kind == b"uuid" and at(top.begin, 16) == _XMP_ID and out.may(0):
            xmp.read(at(top.begin + 16, min(top.end - top.begin - 16, _MOST_BYTES)), out)
        elif top.kind == b"moov":
            for box in inside(at, top, b"mvhd"):
                _times(at(box.begin, 20), "movie", out)
            for number_, box in enumerate(inside(at, top, b"trak", b"mdia", b"mdhd")):
                if number_ < _MOST_TRACKS:
                    _times(at(box.begin, 20), f"track{number_}", out)
            for box in inside(at, top, b"udta", b"XMP_"):
                xmp.read(at(box.begin, min(box.end - box.begin, _MOST_BYTES)), out)


def _times(body: bytes, what: str, out: Collector) -> None:
    wide = 8 if body[:1] == b"\1" else 4
    for name, start in (("created", 4), ("modified", 4 + wide)):
        seconds = number(body[start : start + wide])
        if 0 < seconds < 2**33:
            date = _EPOCH + datetime.timedelta(seconds=seconds)
            out.add("box", f"{what}_{name}", date.strftime("%Y:%m:%d %H:%M:%S"))
