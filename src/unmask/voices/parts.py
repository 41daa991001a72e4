"""Which stretch of a recording was laid in, from log-odds a frame.

What counts is the most suspect half second beside the next suspect ones of the same recording: an
odd microphone raises all frames alike, and lively or noisy speech raises many of them; neither must
look like an edit. Two are looked at, so that a second part laid in does not hide the first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMOOTH = 13
"""Frames (0.52 s) over which logits are averaged to find the place that stands out most."""
_SHORTEST = 5
_MOST = 20
_OTHERS = 2
"""Places beside the most suspect one that are looked at."""
_AWAY = 30
"""Frames (1.2 s) that places lie apart at least."""
_WEIGHT = 0.5
"""How much the others count against it where they are under even odds; over them they count whole,
so that what is odd throughout does not stand out."""
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


def _usual(level: NDArray[np.float32], speech: NDArray[np.bool_]) -> float:
    """The median of the recording's speech."""
    known = level[speech[: level.size]]
    return float(np.median(known)) if known.size else 0.0


def _rest(level: NDArray[np.float32], speech: NDArray[np.bool_]) -> float:
    """What the most suspect half second is measured against."""
    usual = _usual(level, speech)
    soft = smoothed(level)
    heights = []
    for _ in range(_OTHERS + 1):
        peak = int(np.argmax(soft))
        # Where a recording is too short for so many places, its usual speech stands for them.
        heights.append(float(soft[peak]) if np.isfinite(soft[peak]) else usual)
        soft[max(0, peak - _AWAY) : peak + _AWAY + 1] = -np.inf
    others = float(np.mean(heights[1:]))
    return others if others > 0 else _WEIGHT * others


def raised(values: NDArray[np.float32], speech: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far each frame rises over what the recording's other suspect places make usual."""
    level = filled(values, speech)
    if level.size == 0:
        return level
    return np.asarray(level - _rest(level, speech), np.float32)


def evidence(values: NDArray[np.float32], speech: NDArray[np.bool_]) -> float:
    """How far the most suspect half second rises over the others."""
    level = filled(values, speech)
    return _standing(level, smoothed(level), speech) if level.size else 0.0


def _standing(
    level: NDArray[np.float32], soft: NDArray[np.float32], speech: NDArray[np.bool_]
) -> float:
    return float(soft.max()) - _rest(level, speech)


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
    base = _usual(level, speech)
    left = level.copy()
    # Pauses say nothing of whether, but of how far: what was laid in brought its own silence.
    whole = np.where(np.isfinite(values), values, base).astype(np.float64)
    found: list[tuple[int, int]] = []
    for _ in range(_MOST):
        soft = smoothed(left)
        peak = int(np.argmax(soft))
        if soft[peak] <= base or _standing(left, soft, speech) < least:
            break
        over = base + _EDGE * (float(soft[peak]) - base)
        first, last = _around(whole - over, peak)
        if last - first >= _SHORTEST:
            found.append((first, last))
        # What was found is no longer a part of the rest.
        for course in (left, whole):
            course[max(0, first - 1) : last + 1] = base
            course[peak] = base
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
