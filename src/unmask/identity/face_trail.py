"""The faces of a picture or video as embeddings along time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from unmask.faces.crop import crop, square
from unmask.faces.cuts import Cuts
from unmask.faces.detect import detect
from unmask.faces.embed import FaceEmbedder
from unmask.faces.quality import judge
from unmask.faces.recognise import recognisable
from unmask.faces.track import Tracker
from unmask.types import Box, Face, Frame, Pixels, Tensor

_STILL_SIDE, _VIDEO_SIDE = 1280, 640
_MOST_FACES = 4
"""Faces of one frame that are compared: the largest."""
_MOST_LOOKS = 4000
_JUDGED = 112
_POOR = "the face is too small, dark or blurred to be recognised"
_UNSURE = 0.04
"""Distance between two looks at one face from which on the frames between are looked at."""
RATE, EVERY = 6.0, 3
"""Frames a second that a video should have, and how many of them make one look."""


@dataclass(frozen=True, slots=True)
class Look:
    """One face of one frame. ``track``: the number of the followed face that it belongs to."""

    time: float
    track: int
    box: Box
    vector: Tensor


class FaceTrail:
    """Takes frames in order; keeps one embedding a face and frame, in bounded memory.

    Every third frame of a video is looked at. Where its faces are not those of the look before,
    the frames between are looked at, too, so that a change is placed as finely as with all of them.
    In very long videos looks are dropped as often as needed. ``cuts``: seconds at which the scene
    changed. ``problems`` counts why faces could not be compared.
    """

    def __init__(self, still: bool, embedder: FaceEmbedder) -> None:
        self.still = still
        self.looks: list[Look] = []
        self.cuts: list[float] = []
        self.problems: Counter[str] = Counter()
        self._embedder = embedder
        self._tracker = Tracker()
        self._last: list[Look] = []
        self._between: list[Frame] = []
        self._scenes = Cuts()
        self._cut = True
        self._every = 1 if still else EVERY

    def frame(self, frame: Frame) -> list[Look]:
        """Take the next frame; its looks, when it was looked at."""
        if not self.still:
            self._notice_cut(frame)
        if not self._cut and len(self._between) + 1 < self._every:
            self._between.append(frame)
            return []
        self._cut = False
        before, between = self._last, self._between
        faces = detect(frame.pixels, _STILL_SIDE if self.still else _VIDEO_SIDE)
        tracks = self._tracker.update(frame.time, faces)
        self._last = self._looks(frame, faces, [track.number for track in tracks])
        self._between = []
        if _changed(before, self._last):
            for missed in between:
                self.looks += self._matched(missed, [*before, *self._last])
        self.looks += self._last
        if len(self.looks) > _MOST_LOOKS:
            times = sorted({look.time for look in self.looks})
            kept = set(times[::2])
            self.looks = [look for look in self.looks if look.time in kept]
            self._every *= 2
        return self._last

    def _looks(self, frame: Frame, faces: list[Face], numbers: list[int]) -> list[Look]:
        """The faces of a frame that can be compared, embedded."""
        usable: list[tuple[Face, int]] = []
        for face, number in zip(faces[:_MOST_FACES], numbers, strict=False):
            why = problem(frame.pixels, face)
            if why:
                self.problems[why.partition(" (")[0]] += 1
            else:
                usable.append((face, number))
        vectors = self._embedder.embed_all([(frame.pixels, face) for face, _ in usable])
        found: list[Look] = []
        for (face, number), vector in zip(usable, vectors, strict=True):
            if recognisable(frame.pixels, face, vector).enough:
                found.append(Look(frame.time, number, face.box, vector))
            else:
                self.problems[_POOR] += 1
        return found

    def _matched(self, frame: Frame, around: list[Look]) -> list[Look]:
        """The looks of a frame that was passed over, each in the track of the nearest box."""
        if not around:
            return []
        faces = detect(frame.pixels, _VIDEO_SIDE)
        near = [max(around, key=lambda look: look.box.iou(face.box)) for face in faces]
        inside = [look.box.iou(face.box) > 0 for look, face in zip(near, faces, strict=True)]
        kept = [face for face, yes in zip(faces, inside, strict=True) if yes]
        numbers = [look.track for look, yes in zip(near, inside, strict=True) if yes]
        return self._looks(frame, kept, numbers)

    def _notice_cut(self, frame: Frame) -> None:
        """End all tracks when the picture changes as a whole."""
        if self._scenes.notice(frame.pixels):
            self._flush()
            self._tracker.cut()
            self.cuts.append(frame.time)
            self._cut = True

    def _flush(self) -> None:
        """Look at the last frame before a cut."""
        if self._between:
            self._last = self._matched(self._between.pop(), self._last)
            self.looks += self._last
        self._between = []

    def problem(self) -> str:
        """The commonest reason for which faces could not be compared."""
        return self.problems.most_common(1)[0][0] if self.problems else ""


def _changed(before: list[Look], now: list[Look]) -> bool:
    """Whether a face of a frame may be another person than the one in its place before."""
    if len(before) != len(now):
        return True
    for look in now:
        same = max(before, key=lambda other: other.box.iou(look.box))
        if 1 - float(same.vector @ look.vector) > _UNSURE:
            return True
    return False


def problem(pixels: Pixels, face: Face) -> str:
    """Why a face cannot be compared; empty when it can."""
    return judge(face, crop(pixels, square(face.box, 1.3), _JUDGED)).problem()
