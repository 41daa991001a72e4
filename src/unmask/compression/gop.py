"""The packets of a video: how far apart key frames lie, and where time stamps have holes.

Nothing is decoded. An encoder places key frames by one rule from the beginning to the end, or at
scene changes; joining pieces without encoding them again leaves the rhythm of each piece. In a
video that was encoded before, a key frame of the first time comes back as an unusually large
predicted frame in its old rhythm (Vázquez-Padín et al. 2012, "Detection of video double encoding
with GOP size estimation", section III, which measures it on decoded macroblocks; here it is the
size of the packets that is looked at).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.errors import UnreadableMedia
from unmask.media import sniff
from unmask.media._source import decoding, open_regular, shown
from unmask.media.container import opened, picture_stream
from unmask.media.limits import Clock, Limits

MOST = 20_000
"""Packets that are looked at."""
HOLE = 3.0
"""Frame times that must be missing to be a hole."""


@dataclass(frozen=True, slots=True)
class Packets:
    """Of one video stream, in the order of the file: ``sizes`` in bytes, ``keys``, and ``times``
    in seconds in order of display. ``cut``: there were more than ``MOST``. ``reordered``: frames
    are not stored in the order of display, so there are ones predicted from both sides."""

    sizes: NDArray[np.float64]
    keys: NDArray[np.bool_]
    times: NDArray[np.float64]
    cut: bool
    reordered: bool


def packets(path: Path, limits: Limits | None = None) -> Packets:
    """Read the packets of the stream that is shown. Raises MediaError."""
    limits = limits or Limits()
    clock = Clock(shown(path), limits)
    sizes, times = array("d"), array("d")
    keys = bytearray()
    with (
        open_regular(path) as file,
        opened(path, file, sniff.sniff(file, path), clock, limits) as media,
        decoding(path, "the video's packets"),
    ):
        stream = picture_stream(media)
        if stream is None:
            raise UnreadableMedia(f"{shown(path)} shows no pictures.")
        base = float(stream.time_base or 0)
        for packet in media.demux(stream):
            if packet.size:
                sizes.append(packet.size)
                keys.append(packet.is_keyframe)
                times.append(packet.pts * base if packet.pts is not None else np.nan)
            clock.check()
            if len(sizes) >= MOST:
                break
    stamps = np.asarray(times)
    stamps = stamps[~np.isnan(stamps)]
    return Packets(
        np.asarray(sizes),
        np.frombuffer(keys, np.bool_),
        np.sort(stamps),
        len(sizes) >= MOST,
        bool((np.diff(stamps) < 0).any()),
    )


def distances(keys: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Packets from each key frame to the next."""
    return np.diff(np.nonzero(keys)[0])


def holes(times: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Stretches (start, end) in seconds without a frame, though frames come regularly."""
    steps = np.diff(times)
    if len(steps) < 20:
        return []
    usual = float(np.median(steps))
    regular = np.mean(np.abs(steps - usual) < 0.2 * usual)
    if usual <= 0 or regular < 0.9:
        return []
    over = np.nonzero(steps > HOLE * usual)[0]
    return [(float(times[at]), float(times[at + 1])) for at in over]
