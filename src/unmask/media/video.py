"""Frames of a video stream: their times, their colours, and which way is up."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from unmask.media.image import over_grey
from unmask.media.limits import Limits
from unmask.media.tone import is_hdr, tone_map
from unmask.types import Pixels

_HD_HEIGHT = 720
_LONGEST_PAUSE = 3600.0
_UNSPECIFIED, _BT709, _BT2020 = 2, 1, 9


class Timeline:
    """Seconds of decoded frames: from their timestamps, from their number where they have none.

    Times start at the start of the container and never go back. A leap of more than an hour is a
    damaged timestamp: the frame follows the last one at the nominal rate.
    """

    def __init__(self, origin: float, rate: float | None) -> None:
        self._origin = origin
        self._step = 1.0 / rate if rate else 1.0 / 25
        self._last: float | None = None

    @property
    def last(self) -> float:
        """The second of the latest frame."""
        return self._last or 0.0

    def second(self, frame: VideoFrame) -> float:
        """The second of the next frame in order of display."""
        stamp: float | None = frame.time
        last = -self._step if self._last is None else self._last
        now = last + self._step if stamp is None else stamp - self._origin
        if not last < now <= last + _LONGEST_PAUSE:
            now = last + self._step
        self._last = max(0.0, now)
        return self._last


class Painter:
    """Turns decoded frames into upright RGB; the scaler's tables are kept between frames.

    ``max_side`` makes frames smaller inside the scaler; without it they keep their size.
    """

    def __init__(self, name: str, limits: Limits, max_side: int | None = None) -> None:
        self._name = name
        self._limits = limits
        self._max_side = max_side
        self._scaler = VideoReformatter()
        self._rotation: int | None = None
        self._matrix = (1, 0, 0, 1)

    def pixels(self, frame: VideoFrame) -> Pixels:
        """Height × width × 3. Raises MediaTooLarge if a frame is larger than the limits."""
        self._limits.check_frame(self._name, frame.width, frame.height)
        if is_hdr(frame.color_trc):
            pixels = tone_map(self._scaled(frame, "rgb48le"), frame.color_trc)
        elif has_alpha(frame):
            pixels = over_grey(self._scaled(frame, "rgba"))
        else:
            pixels = self._scaled(frame, "rgb24")
        return np.ascontiguousarray(_oriented(pixels, self._turned(frame)))

    def _turned(self, frame: VideoFrame) -> tuple[int, int, int, int]:
        """The display matrix, read again when the rotation changes.

        A frame whose side data were read holds itself, and its picture stays in memory until the
        collector of cycles comes by: hundreds of megabytes, were each frame asked.
        """
        if frame.rotation != self._rotation:
            self._rotation = frame.rotation
            self._matrix = display_matrix(frame)
        return self._matrix

    def _scaled(self, frame: VideoFrame, format_: str) -> Any:
        width, height = frame.width, frame.height
        if self._max_side and max(width, height) > self._max_side:
            ratio = self._max_side / max(width, height)
            width, height = max(1, round(width * ratio)), max(1, round(height * ratio))
        done = self._scaler.reformat(
            frame,
            width=width,
            height=height,
            format=format_,
            src_colorspace=_matrix(frame),
            interpolation="AREA" if width < frame.width else "BILINEAR",
            threads=1,
        )
        return done.to_ndarray()


def _matrix(frame: VideoFrame) -> int | None:
    """The matrix of an untagged video, by the convention that high definition is BT.709."""
    if frame.format.is_rgb or frame.colorspace != _UNSPECIFIED:
        return None
    if is_hdr(frame.color_trc):
        return _BT2020
    return _BT709 if frame.height >= _HD_HEIGHT else None


def has_alpha(frame: VideoFrame) -> bool:
    """True if the frame carries transparency."""
    name = frame.format.name
    return (
        "yuva" in name or "gbrap" in name or name.startswith(("rgba", "bgra", "argb", "abgr", "ya"))
    )


def display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """How the coded picture is shown, as the signs of a 2 × 2 matrix: (a, b, c, d).

    A point (x, y) of the coded picture is shown at (a·x + c·y, b·x + d·y). Angles other than
    quarter turns count as none.
    """
    side_data: Any = frame.side_data
    try:
        raw = bytes(side_data[SideDataType.DISPLAYMATRIX])
    except KeyError:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(raw[:20], "<i4").tolist() if len(raw) >= 20 else (1, 0, 0, 0, 1)
    signs = tuple(int(np.sign(v)) if abs(v) > 6_000 else 0 for v in (a, b, c, d))
    quarter = abs(signs[0] * signs[3]) == 1 and signs[1] == signs[2] == 0
    turned = abs(signs[1] * signs[2]) == 1 and signs[0] == signs[3] == 0
    return (signs[0], signs[1], signs[2], signs[3]) if quarter or turned else (1, 0, 0, 1)


def _oriented(pixels: Pixels, matrix: tuple[int, int, int, int]) -> Pixels:
    a, b, c, d = matrix
    if b:  # x becomes y
        pixels = pixels.transpose(1, 0, 2)
        a, d = c, b
    if a < 0:
        pixels = pixels[:, ::-1]
    if d < 0:
        pixels = pixels[::-1]
    return pixels


def upright_size(frame: VideoFrame) -> tuple[int, int]:
    """Width and height of the upright picture."""
    turned = display_matrix(frame)[1] != 0
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def frame_rate(stream: VideoStream) -> float | None:
    """Frames a second, averaged over the file; None if it is not known or makes no sense."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < float(rate) <= 1000:
            return float(rate)
    return None


def frame_notes(frame: VideoFrame, stream: VideoStream) -> list[str]:
    """What is special about a video's pictures."""
    notes = []
    if display_matrix(frame) != (1, 0, 0, 1):
        notes.append("rotated: the display matrix was applied")
    if is_hdr(frame.color_trc):
        notes.append("high dynamic range: tone-mapped to standard range")
    if has_alpha(frame):
        notes.append("transparent: laid over mid-grey")
    if frame.interlaced_frame:
        notes.append("interlaced: both fields are in each frame")
    shape = stream.sample_aspect_ratio
    if shape and shape != 1 and shape > 0:
        notes.append(f"pixels are not square ({shape.numerator}:{shape.denominator})")
    return notes
