"""What FFmpeg hides of an MP4 or MOV: brands, times of tracks, an XMP packet, makers' boxes."""

from __future__ import annotations

import datetime
from itertools import islice

from unmask.media.containers.iso import boxes, inside
from unmask.media.containers.part import At, Part
from unmask.metadata import xmp
from unmask.metadata.fields import Collector
from unmask.metadata.source import number
from unmask.metadata.text import decoded

_XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EPOCH = datetime.datetime(1904, 1, 1)
_MOST_BOXES, _MOST_TRACKS, _MOST_BYTES = 2_000, 16, 2_000_000


def read(at: At, size: int, out: Collector) -> None:
    """Read the boxes at the top of the file and those of the movie header."""
    movie = False
    for top in boxes(at, 0, size, _MOST_BOXES):
        if top.kind == b"ftyp":
            brands = at(top.begin, min(top.end - top.begin, 64))
            out.add("container", "brands", " ".join(decoded(brands[:4]).split()))
        elif top.kind == b"uuid" and at(top.begin, 16) == _XMP_ID and out.may(0):
            xmp.read(at(top.begin + 16, min(top.end - top.begin - 16, _MOST_BYTES)), out)
        elif top.kind == b"moov" and not movie:
            movie = True
            _movie(at, top, out)


def _movie(at: At, movie: Part, out: Collector) -> None:
    for box in inside(at, movie, b"mvhd", most=_MOST_BOXES):
        _times(at(box.begin, 20), "movie", out)
    headers = inside(at, movie, b"trak", b"mdia", b"mdhd", most=_MOST_BOXES)
    for track, box in enumerate(islice(headers, _MOST_TRACKS)):
        _times(at(box.begin, 20), f"track{track}", out)
    for box in inside(at, movie, b"udta", b"XMP_", most=_MOST_BOXES):
        xmp.read(at(box.begin, min(box.end - box.begin, _MOST_BYTES)), out)


def _times(body: bytes, what: str, out: Collector) -> None:
    wide = 8 if body[:1] == b"\1" else 4
    for name, start in (("created", 4), ("modified", 4 + wide)):
        seconds = number(body[start : start + wide])
        if 0 < seconds < 2**33:
            date = _EPOCH + datetime.timedelta(seconds=seconds)
            out.add("box", f"{what}_{name}", date.strftime("%Y:%m:%d %H:%M:%S"))
