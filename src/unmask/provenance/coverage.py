"""What a signed hash of a file's bytes leaves out beside the manifest itself.

A hash cannot cover the manifest that holds it, so the signer names bytes to leave out. Some cameras
name more than that, such as all that stands before the picture. What is covered is then unchanged
all the same; what is left out may have been changed by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmask.media._source import open_regular
from unmask.media.containers import jpeg, png, riff
from unmask.media.containers.id3 import HEAD, syncsafe
from unmask.provenance.find import Store
from unmask.provenance.store import Bytes

Spans = list[tuple[int, int]]
"""Bytes of the file, each from the first to one behind the last."""
_AROUND = {"image/jpeg": (20, 0), "image/png": (8, 4)}
_AROUND_ANY = (512, 8)
"""Bytes before and behind a piece of the manifest that belong to it: headers and checksums."""
_PNG_PIXELS = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
_RIFF_MEDIUM = frozenset(
    {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"fmt ", b"data", b"movi", b"hdrl"}
)
_APP0, _APP15, _COMMENT = 0xE0, 0xEF, 0xFE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Left out of the hash beside the manifest: first and last bytes.

    ``medium``: some of them are of the picture or sound itself; ``nothing_covered``: all of it is.
    """

    places: tuple[tuple[int, int], ...]
    medium: bool
    nothing_covered: bool


def left_out(path: Path, store: Store, ranges: Iterable[tuple[int, int]]) -> LeftOut | None:
    """What ``ranges`` leave out beside the manifest; None if that is nothing.

    Reads headers again, where it is something. Raises MediaError and Unsearchable as ``find`` does.
    """
    before, behind = _AROUND.get(store.mime, _AROUND_ANY)
    own = [(p.offset - before, p.offset + p.length + behind) for p in store.pieces]
    within = [(max(0, start), min(end, store.file_bytes)) for start, end in ranges]
    out = _minus(_joined(within), own)
    if not out:
        return None
    with open_regular(path) as file:
        medium = _minus(_joined(_medium(store.mime, Bytes(file))), own)
    places = tuple((start, end - 1) for start, end in out)
    covered = _minus(medium, out)
    return LeftOut(places, covered != medium, bool(medium) and not covered)


def _medium(mime: str, source: Bytes) -> Iterator[tuple[int, int]]:
    """Where picture or sound stand, with all that says how they are to be decoded."""
    at, end = source.read, source.size
    if mime == "image/jpeg":
        yield from _of_jpeg(source)
    elif mime == "image/png":
        for part in png.chunks(at, end):
            if part.kind[:1].isupper() or part.kind in _PNG_PIXELS:
                yield part.begin - 8, part.end + 4
    elif mime in ("image/webp", "audio/wav", "video/avi"):
        for part in riff.chunks(at, end):
            kind = at(part.begin, 4) if part.kind == b"LIST" else part.kind
            if kind in _RIFF_MEDIUM:
                yield part.begin - 8, part.end
    elif mime in ("audio/mpeg", "audio/flac"):
        head = at(0, HEAD)
        yield HEAD + syncsafe(head[6:]) if head[:3] == b"ID3" else 0, end
    else:
        yield 0, end


def _of_jpeg(source: Bytes) -> Iterator[tuple[int, int]]:
    scan = last = 0
    for part in jpeg.segments(source.read, source.size, through=True):
        if part.kind == jpeg.SOS and not scan:
            scan = part.begin - 4
        words = _APP0 <= part.kind[0] <= _APP15 or part.kind[0] == _COMMENT
        if not scan and not words:
            yield part.begin - 4, part.end
        last = part.end
    if scan:
        mark = jpeg.next_marker(source.read, last, source.size)
        yield scan, source.size if mark is None else mark + 2


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """In order, without overlaps and without empty ones."""
    joined: Spans = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _minus(spans: Spans, less: Spans) -> Spans:
    """What remains of ``spans`` (in order) without ``less``."""
    rest: Spans = []
    for start, end in spans:
        for first, last in _joined(less):
            if last <= start or first >= end:
                continue
            if first > start:
                rest.append((start, first))
            start = max(start, last)
        if start < end:
            rest.append((start, end))
    return rest
