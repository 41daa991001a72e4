"""Which stretch of a recording was laid in, from log-odds a frame.

What counts is how far a stretch rises over the rest of the same recording, in units of how much
that rest wavers: an odd microphone raises all frames alike, and lively or noisy speech makes them
waver; neither must look like an edit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMOOTH = 13
"""Frames (0.52 s) over which logits are averaged to find the place that stands out most."""
_SHORTEST = 5
_MOST = 20
_REST = 0.7
"""Share of the speech, from the least suspect frame on, that is taken for the rest."""
_STEADY = 0.6
"""Added to the spread of the rest, in log-odds, so that a very even one makes nothing of little."""
_EDGE = 0.5
"""Where between the recording's median and a peak the edges of its stretch are sought."""


def smoothed(values: NDArray[np.float32], count: int = SMOOTH) -> NDArray[np.float32]:
    """Moving average; shorter at the ends."""
    if values.size == 0:
        return values
    window = np.ones(min(count, values.size))
    total = np.convolve(values, window, "same")[: values.size]
    share = np.convolve(np.ones(values.size), window, "same")[: values.size]
    return np.asarray(total / share, np.float32)


def filled(values: NDArray[np.float32], speech: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Frame values with those outside speech put at the median of speech: no evidence there."""
    known = speech & np.isfinite(values)
    if not known.any():
        return np.zeros(values.size, np.float32)
    return np.where(known, values, np.median(values[known])).astype(np.float32)


def _rest(level: NDArray[np.float32], speech: NDArray[np.bool_]) -> tuple[float, float]:
    """Median of the recording's speech, and the unit that a rise over it is measured in."""
    known = level[speech[: level.size]]
    if not known.size:
        return 0.0, _STEADY
    quiet = known[known <= np.quantile(known, _REST)]
    return float(np.median(known)), float(quiet.std()) + _STEADY


def evidence(values: NDArray[np.float32], speech: NDArray[np.bool_]) -> float:
    """How far the most suspect half second rises over the rest, in units of the rest's spread."""
    level = filled(values, speech)
    if level.size == 0:
        return 0.0
    base, unit = _rest(level, speech)
    return (float(smoothed(level).max()) - base) / unit


def stretches(
    values: NDArray[np.float32], speech: NDArray[np.bool_], least: float
) -> list[tuple[int, int]]:
    """First and last-but-one frames of the stretches whose evidence is ``least`` or more, in order.

    Each is the run with the largest sum over a level between the recording's median and its own
    peak (the maximum-sum segment, Bentley 1984), so one odd frame neither makes nor breaks a
    stretch.
    """
    level = filled(values, speech)
    if not level.size:
        return []
    base, unit = _rest(level, speech)
    left = level.astype(np.float64)
    found: list[tuple[int, int]] = []
    for _ in range(_MOST):
        soft = smoothed(left.astype(np.float32))
        peak = int(np.argmax(soft))
        if soft[peak] <= base or (soft[peak] - base) / unit < least:
            break
        over = base + _EDGE * (float(soft[peak]) - base)
        first, last = _around(left - over, peak)
        if last - first >= _SHORTEST:
            found.append((first, last))
        left[max(0, first - 1) : last + 1] = min(base, float(left.min()))
        left[peak] = min(base, float(left.min()))
    return sorted(found)


def _around(over: NDArray[np.float64], peak: int) -> tuple[int, int]:
    """The run around ``peak`` with the largest sum on either side."""
    after = np.cumsum(over[peak:])
    before = np.cumsum(over[: peak + 1][::-1])
    # Where the sum has fallen for good, a second rise further away is another stretch.
    return peak - _best(before), peak + _best(after) + 1


def _best(sums: NDArray[np.float64]) -> int:
    top, at = -np.inf, 0
    for i, value in enumerate(sums):
        if value > top:
            top, at = float(value), i
        elif value < top - 12 or value < -6:
            break
    return at
