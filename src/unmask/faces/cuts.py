"""Cuts of a video: where the picture changes as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

_CHANGE = 42.0
"""Mean change in grey levels of a coarse copy from which on the scene was cut."""
_ROWS, _COLUMNS = 18, 32


class Cuts:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._before: NDArray[np.int16] | None = None

    def notice(self, pixels: Pixels) -> bool:
        """Whether the scene was cut between the last frame and this one."""
        height, width = pixels.shape[:2]
        steps = max(1, height // _ROWS), max(1, width // _COLUMNS)
        now = pixels[:: steps[0], :: steps[1]].astype(np.int16)
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return False
        return float(np.abs(now - before).mean()) > _CHANGE
