"""Several looks at one face: with more or less of its surroundings, plain or mirrored.

The mean over two looks errs less than one look. A still picture gets all of them; in a video they
take turns from frame to frame, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.faces.crop import crop, square
from unmask.types import Box, Pixels


@dataclass(frozen=True, slots=True)
class View:
    """One look: the side of the square over the longer side of the face box, and mirroring."""

    margin: float
    mirrored: bool

    def region(self, box: Box) -> Box:
        """The square of the picture that is looked at."""
        return square(box, self.margin)

    def take(self, pixels: Pixels, box: Box, size: int) -> Pixels:
        """The look as ``size`` × ``size`` pixels."""
        cut = crop(pixels, self.region(box), size)
        return cut[:, ::-1] if self.mirrored else cut

    def upright(self, mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """A mask (rows × columns) of this look, mirrored back."""
        return mask[:, ::-1] if self.mirrored else mask


def views(margins: Sequence[float]) -> tuple[View, ...]:
    """Looks with these margins; every second one is mirrored."""
    return tuple(View(float(m), bool(i % 2)) for i, m in enumerate(margins))
