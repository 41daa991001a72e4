"""The looks at a face that a reader should see: the nearest to a person, and the furthest."""

from __future__ import annotations

from dataclasses import dataclass, field

from unmask.faces.crop import square, thinned
from unmask.identity.distance import distance
from unmask.identity.face_trail import Look
from unmask.types import Box, Frame, Snapshot, Tensor

_SIDE = 320
_AROUND = 1.6


@dataclass(slots=True)
class Evidence:
    """Keeps two cut-outs, whatever the length. Of a frame the face that is nearest counts.

    ``spread``: how far the two must lie apart for both to be shown.
    """

    template: Tensor
    spread: float
    _kept: dict[str, tuple[float, Snapshot]] = field(default_factory=dict)

    def frame(self, frame: Frame, looks: list[Look], still: bool) -> None:
        """Take the looks of a frame."""
        if not looks:
            return
        away = [distance(look.vector, self.template) for look in looks]
        value, look = min(zip(away, looks, strict=True), key=lambda pair: pair[0])
        for end, sign in (("nearest", 1.0), ("furthest", -1.0)):
            kept = self._kept.get(end)
            if kept is None or sign * value < sign * kept[0]:
                self._kept[end] = (value, _cut_out(frame, look.box, still, end))

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The furthest look, and the nearest one where it differs."""
        if not self._kept:
            return ()
        far, near = self._kept["furthest"], self._kept["nearest"]
        return (far[1], near[1]) if far[0] - near[0] > self.spread else (far[1],)


def _cut_out(frame: Frame, box: Box, still: bool, end: str) -> Snapshot:
    shown, place = thinned(frame.pixels, square(box, _AROUND), _SIDE)
    return Snapshot(
        shown,
        place,
        None if still else frame.time,
        f"the look {end} {'from' if end == 'furthest' else 'to'} the references",
    )
