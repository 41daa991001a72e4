"""What the packets of a video tell, in words."""

from __future__ import annotations

import numpy as np

from unmask.analyzers.base import Result
from unmask.compression.double_encoding import earlier_rhythm
from unmask.compression.fact import NAME, fact
from unmask.compression.gop import MOST, Packets, distances, holes, packets
from unmask.errors import MediaError
from unmask.media import sniff
from unmask.types import Absent, Finding, Label, MediaInfo, NotChecked, Span, Where

_MOVING = tuple(kind.title for kind in (sniff.GIF, sniff.PNG, sniff.WEBP))
_WHAT = "earlier encodings of the video and joins in it"


def stated(media: MediaInfo) -> Result:
    """Findings about the packets of a video."""
    if media.container in _MOVING:
        why = "Moving pictures of this kind have no packets of predicted frames."
        return Result(not_checked=(NotChecked(NAME, _WHAT, why),))
    try:
        found = packets(media.file)
    except MediaError as error:
        return Result(not_checked=(NotChecked(NAME, _WHAT, str(error)),))
    findings = [*_holes(found), *_rhythm(found), *_keys(found)]
    limits = []
    if found.cut:
        why = f"Only the first {MOST} packets were looked at."
        limits.append(NotChecked(NAME, "all packets of the video", why))
    if found.reordered:
        why = "Frames predicted from both sides make a rhythm of sizes of their own."
        limits.append(NotChecked(NAME, "the rhythm of an earlier encoding", why))
    absent = []
    if not any(one.subject == "hole in time" for one in findings):
        absent.append(Absent(NAME, "a hole in the time stamps of the video"))
    return Result(tuple(findings), tuple(limits), tuple(absent))


def _holes(found: Packets) -> list[Finding]:
    gone = holes(found.times)
    if not gone:
        return []
    start = float(found.times[0])
    spans = tuple(Span(max(0.0, a - start), max(0.0, b - start)) for a, b in gone[:20])
    at = ", ".join(f"{span.start:.2f} s" for span in spans[:5])
    reason = (
        f"Frames come regularly, but {len(gone)} times there are none for longer than that: at "
        f"{at}. Something may have been cut out there; a recorder that lost frames does the same."
    )
    return [
        fact(
            "hole in time",
            reason,
            {"missing (s)": [round(b - a, 3) for a, b in gone[:20]]},
            Where(spans=spans),
            Label.INCONCLUSIVE,
        )
    ]


def _rhythm(found: Packets) -> list[Finding]:
    rhythm = None if found.reordered else earlier_rhythm(found.sizes, found.keys)
    if rhythm is None:
        return []
    reason = (
        f"Every {rhythm[0]} frames a predicted frame is larger than its neighbours: where the key "
        "frames of an earlier encoding were. The video was encoded at least twice, as editing "
        "programs and platforms do."
    )
    details = {"frames": rhythm[0], "strength": round(rhythm[1], 1)}
    return [fact("earlier encoding", reason, details)]


def _keys(found: Packets) -> list[Finding]:
    apart = distances(found.keys)
    if not len(found.sizes):
        return []
    if not len(apart):
        words = f"Only the first of {len(found.sizes)} frames is a key frame."
    elif (apart == apart[0]).all():
        words = f"Key frames come every {apart[0]} frames, without an exception."
    else:
        low, high = int(apart.min()), int(apart.max())
        words = f"Key frames come irregularly, {low} to {high} frames apart, as at scene changes."
    details = {"key frames": int(found.keys.sum()), "median distance": _median(apart)}
    return [fact("key frames", words, details)]


def _median(apart: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
    return int(np.median(apart)) if len(apart) else 0
