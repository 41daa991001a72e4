"""Which frames of a video the encoder is shown: fewer the longer it lasts."""

from __future__ import annotations

FIRST = 0.4
"""Seconds into a video of the first look."""
PAUSE = 1.0
"""Seconds from the first look to the second; each later pause is ``SLOWER`` times longer."""
SLOWER = 1.35


class Looks:
    """Says of each frame in turn whether it is looked at. A still picture always is."""

    def __init__(self, moving: bool) -> None:
        self._next = FIRST if moving else float("-inf")
        self._pause = PAUSE

    def wants(self, time: float) -> bool:
        """Whether the frame at ``time`` (seconds) is to be looked at."""
        if time < self._next:
            return False
        self._next = time + self._pause
        self._pause *= SLOWER
        return True
