"""Follow faces from frame to frame by the overlap of their boxes and the nearness of their points.

Memory is bounded: a track holds its last face only, and what its owner hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.types import Face


@dataclass(slots=True)
class Track:
    """One followed face: its number (1, 2, …), its last sighting and when that was."""

    number: int
    face: Face
    first: float
    last: float


class Tracker:
    """Gives each face of a frame the track it continues.

    A track ends when its face is not seen for ``patience`` seconds, or when the scene is cut.
    """

    def __init__(self, patience: float = 2.5, least_overlap: float = 0.25) -> None:
        self.patience = patience
        self.least_overlap = least_overlap
        self.live: list[Track] = []
        self.count = 0

    def update(self, time: float, faces: list[Face]) -> list[Track]:
        """The tracks of the faces of a frame, in the faces' order; new ones are begun."""
        self.live = [track for track in self.live if time - track.last <= self.patience]
        chosen = self._matched(faces)
        tracks = []
        for f, face in enumerate(faces):
            track = chosen.get(f)
            if track is None:
                self.count += 1
                track = Track(self.count, face, time, time)
                self.live.append(track)
            track.face, track.last = face, time
            tracks.append(track)
        return tracks

    def continues(self, faces: list[Face]) -> bool:
        """Whether each live track has its face among these; nothing is changed."""
        return len(self._matched(faces)) == len(self.live)

    def _matched(self, faces: list[Face]) -> dict[int, Track]:
        """The track that each face continues, by the face's place; new faces are not in it."""
        pairs = sorted(
            (
                (_affinity(track.face, face), t, f)
                for t, track in enumerate(self.live)
                for f, face in enumerate(faces)
            ),
            key=lambda pair: -pair[0],
        )
        chosen: dict[int, Track] = {}
        taken: set[int] = set()
        for affinity, t, f in pairs:
            if affinity < self.least_overlap:
                break
            if t not in taken and f not in chosen:
                taken.add(t)
                chosen[f] = self.live[t]
        return chosen

    def cut(self) -> None:
        """End all tracks: the scene has changed."""
        self.live = []


def _affinity(before: Face, now: Face) -> float:
    """Overlap of the boxes, or nearness of the points when a face moved fast (0…1)."""
    overlap = before.box.iou(now.box)
    unit = max(before.box.width, before.box.height, 1.0)
    ratio = max(now.box.width, now.box.height, 1.0) / unit
    if not 0.6 < ratio < 1.67:
        return overlap if overlap > 0.5 else 0.0
    gap = float(np.hypot(*(before.points - now.points).T).mean()) / unit
    return max(overlap, 0.6 - gap)
