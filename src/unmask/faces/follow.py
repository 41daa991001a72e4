"""Find the faces of a video and follow them, at a fraction of a search of every whole frame.

Every frame is searched around the faces that are known, closely enough to keep small ones; the
whole of it now and then, and whenever a known face is not where it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unmask.faces.crop import inner, square
from unmask.faces.cuts import Cuts
from unmask.faces.detect import detect
from unmask.faces.track import Tracker
from unmask.types import Box, Face, Pixels

_FINE_SIDE, _COARSE_AREA = 640, 320 * 180
_FINE_EVERY, _FINE_ELSE = 4.0, 1.0
"""Seconds between fine searches while faces are followed, and while there are none or a crowd."""
_WHOLE_EVERY = 1.0
"""Seconds after which a face that came in is found at the latest, if it is not a small one."""
_FACE, _AROUND = 64, 2.0
"""Around a known face: its longer side in the searched copy, and how many of it are searched."""
_LEAST_REGION = 48
_CROWD = 640 * 320
"""Pixels from which on the regions together cost more than they are worth."""
_RIM = 0.02
"""Share of a region's side; a face nearer to its rim is taken to go on beyond it."""
_SAME = 0.4
"""Overlap from which on two sightings are of one face."""


class Follower:
    """Takes frames in order of time and says which faces they show, and which is which."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._cuts = Cuts()
        self._whole = self._fine = -math.inf

    def look(self, time: float, pixels: Pixels) -> list[tuple[int, Face]]:
        """The faces of the next frame, each with the number of its track, the largest first."""
        if self._cuts.notice(pixels):
            self._tracker.cut()
            self._fine = -math.inf
        known = [_region(track.face.box) for track in self._tracker.live]
        crowd = sum(_searched(region) ** 2 for region in known) > _CROWD
        faces = [] if crowd else _distinct([f for region in known for f in _near(pixels, region)])
        wait = _FINE_EVERY if known and not crowd else _FINE_ELSE
        if time - self._fine >= wait:
            self._fine = self._whole = time
            faces = _distinct([*faces, *detect(pixels, _FINE_SIDE)])
        elif time - self._whole >= _WHOLE_EVERY or not known or not self._tracker.continues(faces):
            self._whole = time
            height, width = pixels.shape[:2]
            shape = max(height, width) / min(height, width)
            side = round(math.sqrt(_COARSE_AREA * shape))
            faces = _distinct([*faces, *detect(pixels, side)])
        faces.sort(key=lambda face: -face.box.area)
        tracks = self._tracker.update(time, faces)
        return [(track.number, face) for track, face in zip(tracks, faces, strict=True)]


def _distinct(faces: Sequence[Face]) -> list[Face]:
    """The faces without those that an earlier one shows already."""
    kept: list[Face] = []
    for face in faces:
        if all(face.box.iou(other.box) < _SAME for other in kept):
            kept.append(face)
    return kept


def _region(box: Box) -> Box:
    """The square around a known face in which it is looked for again."""
    return square(box, max(_AROUND, _LEAST_REGION / max(box.width, box.height)))


def _searched(region: Box) -> float:
    """Side of the copy of a region that is searched; never larger than the original."""
    return min(region.width, _AROUND * _FACE)


def _near(pixels: Pixels, region: Box) -> list[Face]:
    """Faces of a region, but those that its rim cuts."""
    part, place = inner(pixels, region)
    if not part.size:
        return []
    height, width = pixels.shape[:2]
    left, top = place.x, place.y
    right, bottom = left + place.width, top + place.height
    rim = _RIM * max(place.width, place.height)
    faces = []
    for face in detect(part, round(_searched(region))):
        whole = replace(face.box, x=face.box.x + left, y=face.box.y + top)
        cut = (
            (left > 0 and whole.x < left + rim)
            or (top > 0 and whole.y < top + rim)
            or (right < width and whole.x + whole.width > right - rim)
            or (bottom < height and whole.y + whole.height > bottom - rim)
        )
        if not cut:
            points = face.points + np.array((left, top), np.float32)
            faces.append(Face(whole, face.confidence, points))
    return faces
