"""Is a part of the picture a copy of another part of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.decision.evidence import COPIED
from unmask.types import (
    Absent,
    Box,
    Claim,
    Finding,
    Frame,
    Kind,
    Label,
    Mask,
    MediaInfo,
    NotChecked,
    Pixels,
    Where,
)

if TYPE_CHECKING:
    from unmask.copymove.copies import Copy, Looked

_WHAT = "parts copied within the picture"
_MASK = 256
"""Cells along the longer side of the mask."""
_MOST = 4


class CopyMoveAnalyzer(Analyzer):
    """Looks for two places of a still picture that show the same, down to the grain."""

    name = "copy_move"
    title = "Parts copied within the picture"
    kinds = frozenset({Kind.IMAGE})
    wants_frames = True
    votes = False

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._pixels: Pixels | None = None

    def frame(self, frame: Frame) -> None:
        """Keep the picture; of a moving one, its first."""
        if self._pixels is None:
            self._pixels = frame.pixels

    def finish(self) -> Result:
        """One finding that shows all copied places, or what was looked for in vain."""
        from unmask.copymove.copies import SMALLEST, look

        if self._pixels is None:
            return self._unchecked("No picture could be decoded.")
        height, width = self._pixels.shape[:2]
        if min(height, width) < SMALLEST:
            return self._unchecked(f"The picture is smaller than {SMALLEST} pixels on one side.")
        looked = look(self._pixels)
        if looked.blank:
            return self._unchecked("The picture is too smooth: it has nothing to tell parts by.")
        noted: tuple[NotChecked, ...] = ()
        if looked.shrunk < 1:
            why = (
                f"The picture was shrunk to {looked.shrunk:.0%} of its width; "
                f"copies smaller than about {_least(looked)} pixels may be missed."
            )
            noted = (NotChecked(self.name, "copies of small parts", why),)
        if not looked.copies:
            return Result(
                (), noted, (Absent(self.name, "a part that was copied within the picture"),)
            )
        return Result((self._finding(looked, width, height),), noted)

    def _unchecked(self, why: str) -> Result:
        return Result(not_checked=(NotChecked(self.name, _WHAT, why),))

    def _finding(self, looked: Looked, width: int, height: int) -> Finding:
        best = looked.copies[0]
        shown = looked.copies[:_MOST]
        grow = 1 / looked.shrunk
        boxes = tuple(_box(place, grow) for copy in shown for place in (copy.first, copy.second))
        marked = np.logical_or.reduce(
            [place for copy in shown for place in (copy.first, copy.second)]
        )
        mask = Mask(_coarse(marked), Box(0, 0, width, height))
        reason = (
            f"Two places of the picture show the same, down to the grain{_how(best)}, "
            "and no third place does: one looks copied from the other. Both are marked."
        )
        return Finding(
            analyzer=self.name,
            claim=Claim.PICTURE_EDITED,
            reason=reason,
            where=Where(boxes=boxes, masks=(mask,)),
            kind="fact",
            subject="a copied part",
            bearing=Label.INCONCLUSIVE,
            sign=COPIED,
            details={
                "degree": round(best.score, 3),
                "copies": len(looked.copies),
                "agreeing features": best.pairs,
                "share of the picture": round(float(best.first.mean()), 4),
                "correlation of the grain": round(best.alike[0], 3),
                "correlation of fine detail": round(best.alike[1], 3),
                "correlation with any third place": round(best.third, 3),
                "turned by degrees": round(best.angle),
                "scale": round(best.scale, 2),
                "mirrored": best.mirrored,
            },
        )


def _least(looked: Looked) -> int:
    """Pixels of the side of the smallest part that is looked for in a picture that was shrunk."""
    return 10 * round(4.8 / looked.shrunk) if looked.shrunk < 1 else 48


def _how(copy: Copy) -> str:
    """How the one place is turned, mirrored and scaled against the other."""
    said = ["mirrored"] if copy.mirrored else []
    if abs(copy.angle) >= 3:
        said.append(f"turned by {abs(copy.angle):.0f}°")
    if abs(copy.scale - 1) >= 0.04:
        said.append(f"one {copy.scale:.0%} as large as the other")
    return f" ({', '.join(said)})" if said else ""


def _box(place: np.typing.NDArray[np.bool_], grow: float) -> Box:
    """The rectangle around a place, in pixels of the original."""
    rows, columns = (np.flatnonzero(place.any(axis=axis)) for axis in (1, 0))
    return Box(
        float(columns[0] * grow),
        float(rows[0] * grow),
        float((columns[-1] + 1 - columns[0]) * grow),
        float((rows[-1] + 1 - rows[0]) * grow),
    )


def _coarse(marked: np.typing.NDArray[np.bool_]) -> np.typing.NDArray[np.float32]:
    """A mask on a grid of at most ``_MASK`` cells a side: the share of marked pixels in each."""
    from PIL import Image

    height, width = marked.shape
    shrink = min(1.0, _MASK / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    grid = Image.fromarray(marked.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return np.asarray(grid, np.float32)
