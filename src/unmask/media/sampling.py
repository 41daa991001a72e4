"""Choosing frames by their timestamps."""

from __future__ import annotations

from collections.abc import Sequence


class Sampler:
    """Picks about ``fps`` frames a second, spread evenly over time whatever the frame rate.

    A frame is taken when it is the first at or after a point of the grid ``0, 1/fps, 2/fps, …``
    that starts with the first frame. If the file has no more than ``fps`` frames a second (its
    nominal ``rate``), all are taken.
    """

    def __init__(self, fps: float, rate: float | None = None) -> None:
        self._step = 0.0 if rate is not None and rate <= fps * 1.001 else 1.0 / fps
        self._start: float | None = None
        self._taken = 0

    def wants(self, time: float) -> bool:
        """True if the frame at this second is to be taken. Seconds must not go back."""
        if self._start is None:
            self._start = time
        if self._step == 0.0:
            return True
        passed = (time - self._start) / self._step + 0.02  # timestamps are rounded to ticks
        if passed < self._taken:
            return False
        self._taken = int(passed) + 1
        return True


class Samplers:
    """Picks the frames that at least one of several rates wants.

    A ``Sampler`` of one of the rates then picks from these what it would pick from all.
    """

    def __init__(self, fps: float | Sequence[float], rate: float | None = None) -> None:
        rates = fps if isinstance(fps, Sequence) else (fps,)
        self._all = [Sampler(one, rate) for one in dict.fromkeys(rates)]

    def wants(self, time: float) -> bool:
        """True if the frame at this second is to be taken. Seconds must not go back."""
        wanted = [one.wants(time) for one in self._all]  # all must see it
        return any(wanted)
