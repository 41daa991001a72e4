"""Where a suspect differs from the known picture that it was made from, in its own pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from unmask.index.align import Fit, Laid, laid, likeness, refined, shrunk
from unmask.index.difference import Cells, difference, parts, recoloured
from unmask.index.keys import small_size
from unmask.index.pictures import Seen, turned_box
from unmask.media.image import turned
from unmask.types import Box, Mask, Pixels

_FINE_SIDE = 512
_BACK = {6: 8, 8: 6}
_NEARLY_ALL = 0.97


@dataclass(frozen=True, slots=True)
class Changes:
    """What was done to a known picture.

    ``place``: where it lies in the suspect. ``shown``: the share of it that is shown. ``covered``:
    the share of the suspect that it fills. ``cells``: where it differs, laid over ``place``.
    """

    turn: int
    place: Box
    shown: float
    covered: float
    cells: Cells
    boxes: tuple[Box, ...]

    @property
    def share(self) -> float:
        """Share of the common part that differs."""
        return float(self.cells.mean())

    @property
    def cropped(self) -> bool:
        """True if a part of the known picture is missing."""
        return self.shown < _NEARLY_ALL

    @property
    def framed(self) -> bool:
        """True if the suspect shows more than the known picture."""
        return self.covered < _NEARLY_ALL

    @property
    def mask(self) -> Mask | None:
        """The difference for a report; None where there is none."""
        return Mask(self.cells.astype(np.float32), self.place) if self.cells.any() else None


def changes(seen: Seen, suspect: Pixels, known: Pixels, original: Pixels | None) -> Changes:
    """Lay the pictures over each other once more, finer where the original is at hand."""
    both = seen.both
    upright = np.ascontiguousarray(turned(suspect, seen.turn))
    size = known.shape[1], known.shape[0]
    if original is not None:
        fine = _finer(original, known, upright, both.fit)
        if fine is not None:
            both, size = fine
    left, top, right, bottom = both.part
    shown = (right - left) * (bottom - top) / (size[0] * size[1])
    back = _BACK.get(seen.turn, seen.turn)
    cells = turned(difference(both)[:, :, None].astype(np.uint8), back)[:, :, 0] > 0
    x0, y0, x1, y1 = turned_box(both.place, upright.shape, back)
    place = Box(x0, y0, x1 - x0, y1 - y0)
    covered = place.area / (suspect.shape[0] * suspect.shape[1])
    return Changes(seen.turn, place, shown, covered, cells, _boxes(cells, place))


def _finer(
    original: Pixels, known: Pixels, upright: Pixels, fit: Fit
) -> tuple[Laid, tuple[int, int]] | None:
    """The suspect laid over the original itself, and the size at which that was done."""
    size = small_size(original, _FINE_SIDE)
    image = Image.fromarray(original).resize(size, Image.Resampling.LANCZOS)
    fine = np.asarray(image)
    kx, ky = size[0] / known.shape[1], size[1] / known.shape[0]
    start = Fit(fit.au / kx, fit.bu, fit.av / ky, fit.bv)
    small, begun = shrunk(upright, start)
    better = refined(fine, small, begun)
    both = None if better is None else laid(fine, small, better, _FINE_SIDE)
    if both is None:
        return None
    both = replace(both, known=recoloured(both.known, both.suspect))
    if not likeness(both.known, both.suspect).one:
        return None
    gx, gy = upright.shape[1] / small.shape[1], upright.shape[0] / small.shape[0]
    f = both.fit
    return replace(both, fit=Fit(f.au * gx, f.bu * gx, f.av * gy, f.bv * gy)), size


def _boxes(cells: Cells, place: Box) -> tuple[Box, ...]:
    """A box about each part that differs, the largest first."""
    numbers = parts(cells)
    found = []
    kx, ky = place.width / cells.shape[1], place.height / cells.shape[0]
    for number in np.unique(numbers[cells]):
        rows, columns = np.nonzero(numbers == number)
        x, y = place.x + columns.min() * kx, place.y + rows.min() * ky
        width, height = (np.ptp(columns) + 1) * kx, (np.ptp(rows) + 1) * ky
        found.append(Box(float(x), float(y), float(width), float(height)))
    return tuple(sorted(found, key=lambda box: -box.area))
